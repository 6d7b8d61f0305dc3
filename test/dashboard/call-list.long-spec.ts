/** The list of calls: how a call is found again, and what can be done with what was found. */
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { ended, said, started } from '../support/calls.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { Person, isLive } from './person.js';

const AT = Date.parse('2026-11-20T10:00:00.000Z');
const after = (seconds: number) => ({ at: new Date(AT + seconds * 1000).toISOString() });

describeInChromium('the list of calls', () => {
  let board: Switchboard;
  let browser: Browser;
  beforeAll(async () => {
    [board, browser] = await Promise.all([Switchboard.start(), startChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await board?.stop();
  });

  async function customer() {
    const agent = fresh('agent');
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
    return { agent, tenant, person: await Person.of(browser, board, tenant) };
  }

  const over = (agent: string, from: string, seconds: number, fields: object = {}, end: object = {}) => {
    const call = fresh('c');
    return [
      started(agent, call, { from, ...after(seconds), ...fields }),
      ended(agent, call, { duration: 30, ...after(seconds + 30), ...end }),
    ];
  };

  const shows = (page: Page, callers: string[]) =>
    waitFor(async () => (await page.locator('.row-link').allInnerTexts()).join() === callers.join(), callers.join());

  it('is narrowed by outcome, channel, direction, length and days, all of it in the address', async () => {
    const { agent, person } = await customer();
    await board.ingest(
      ...over(agent, '+1001', 0, {}, { reason: 'no_answer' }),
      ...over(agent, '+1002', 60, { transport: 'whatsapp' }),
      ...over(agent, '+9', 120, { direction: 'outbound', to: '+1003' }),
      ...over(agent, '+1004', 180, {}, { duration: 400 }),
      ...over(agent, '+1005', 5 * 86_400),
    );
    const page = await person.watch('/calls');
    // Of a call that goes out, whoever was called.
    await shows(page, ['+1005', '+1004', '+1003', '+1002', '+1001']);
    const choose = (field: string, option: string) => page.getByRole('combobox', { name: field }).selectOption(option);
    for (const [field, option, callers] of [
      ['Outcome', 'No answer', ['+1001']],
      ['Channel', 'WhatsApp', ['+1002']],
      ['Direction', 'Outgoing', ['+1003']],
      ['Length', 'Over 5 minutes', ['+1004']],
    ] as const) {
      await choose(field, option);
      await shows(page, [...callers]);
      await page.reload();
      await shows(page, [...callers]);
      await choose(field, '');
    }
    await page.getByLabel('To', { exact: true }).fill('2026-11-21');
    await shows(page, ['+1004', '+1003', '+1002', '+1001']);
    await page.getByText('4 calls, 8 min').waitFor();
    expect(new URL(page.url()).search).toBe('?to=2026-11-21');
    await person.leave();
  });

  it('is as long and at the same place as it was left, for whoever comes back from a call', async () => {
    const { agent, person } = await customer();
    await board.ingest(...Array.from({ length: 170 }, (_, index) => over(agent, `+${2000 + index}`, index)).flat());
    const page = await person.watch('/calls?state=ended');
    for (const count of [50, 100, 150]) {
      await waitFor(async () => (await page.locator('.row-link').count()) === count, `${count} rows`);
      if (count < 150) await page.getByRole('button', { name: 'Show more' }).click();
    }
    const row = page.locator('.row-link', { hasText: '+2040' });
    await row.scrollIntoViewIfNeeded();
    const place = await page.evaluate<number>('scrollY');
    expect(place).toBeGreaterThan(1000);
    for (const back of [() => page.goBack(), () => page.getByRole('link', { name: 'All calls' }).click()]) {
      await row.click();
      await page.locator('.facts').waitFor();
      await back();
      await row.waitFor();
      expect(new URL(page.url()).search).toBe('?state=ended');
      expect(await page.locator('.row-link').count()).toBe(150);
      await waitFor(async () => Math.abs((await page.evaluate<number>('scrollY')) - place) < 80, 'the same place');
    }
    await person.leave();
  });

  it('is taken along as CSV, all of what was found, and nothing in it is a formula', async () => {
    const { agent, person } = await customer();
    await board.ingest(
      ...Array.from({ length: 60 }, (_, index) => over(agent, `+${3000 + index}`, index)).flat(),
      ...over(agent, '=cmd|"/c calc"!A1', 100),
    );
    const page = await person.watch('/calls');
    await page.locator('.row-link').nth(49).waitFor();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export CSV' }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/^calls-\d{4}-\d\d-\d\d\.csv$/);
    const lines = readFileSync(await file.path(), 'utf8')
      .trimEnd()
      .split('\r\n');
    expect(lines).toHaveLength(62);
    expect(lines[0]).toBe('callId,agent,person,from,to,direction,channel,state,startedAt,endedAt,seconds,outcome');
    expect(lines[1]).toContain(
      `,${agent},"'=cmd|""/c calc""!A1","'=cmd|""/c calc""!A1",+34910000000,inbound,phone,ended,`,
    );
    expect(lines[2]).toContain(',+3059,+3059,');
    await person.leave();
  });

  it('has the columns and the views that one has chosen, and is walked through by keys', async () => {
    const { agent, person } = await customer();
    await board.ingest(...over(agent, '+4001', 0), ...over(agent, '+4002', 60, {}, { reason: 'busy' }));
    const page = await person.watch('/calls');
    await shows(page, ['+4002', '+4001']);
    await page.locator('summary', { hasText: 'Columns' }).click();
    await page.getByLabel('Call ID').check();
    await page.getByRole('columnheader', { name: 'Call ID' }).waitFor();
    await page.locator('summary', { hasText: 'Columns' }).click();
    await page.getByRole('combobox', { name: 'Outcome' }).selectOption('Busy');
    await shows(page, ['+4002']);
    await page.locator('summary', { hasText: 'Views' }).click();
    await page.getByLabel('Name of this view').fill('Could not get through');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.goto(`${board.url}/calls`);
    await shows(page, ['+4002', '+4001']);
    await page.getByRole('columnheader', { name: 'Call ID' }).waitFor();
    await page.locator('summary', { hasText: 'Views' }).click();
    await page.getByRole('button', { name: 'Could not get through', exact: true }).click();
    await shows(page, ['+4002']);
    expect(new URL(page.url()).search).toBe('?reason=busy');
    await page.goto(`${board.url}/calls`);
    await shows(page, ['+4002', '+4001']);
    const focused = () => page.evaluate<string>('document.activeElement.textContent');
    for (const [key, caller] of [
      ['j', '+4002'],
      ['j', '+4001'],
      ['k', '+4002'],
    ] as const) {
      await page.keyboard.press(key);
      expect([key, await focused()]).toEqual([key, caller]);
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.keyboard.type('jk?');
    expect(await page.getByRole('searchbox').inputValue()).toBe('jk?');
    await person.leave();
  });

  it('is of all customers for the operator, who reads a call there and erases it', async () => {
    const [mine, theirs] = [await customer(), await customer()];
    const call = fresh('order');
    for (const [index, { agent }] of [mine, theirs].entries())
      await board.ingest(
        started(agent, call, { from: `+500${index}` }),
        said(agent, call, 'm1', `a secret of ${agent}`),
        ended(agent, call),
      );
    const operator = await Person.visiting(browser, board.url);
    const { body: link } = await board.admin<{ url: string }>('POST', '/v1/admin/sign-in-links', {});
    const page = await operator.open(`/admin/calls${new URL(link.url).hash}`);
    await page.getByRole('button', { name: 'Open Switchboard' }).click();
    await isLive(page);
    await page.getByRole('link', { name: 'Calls' }).click();
    const row = page.getByRole('row', { name: new RegExp(theirs.tenant.id) });
    await row.locator('.row-link').click();
    await page.locator('.bubble', { hasText: `a secret of ${theirs.agent}` }).waitFor();
    await page.getByRole('button', { name: 'Erase call' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Erase call' }).click();
    await page.getByRole('heading', { name: 'Calls' }).waitFor();
    await row.waitFor({ state: 'detached' });
    await page.getByRole('row', { name: new RegExp(mine.tenant.id) }).waitFor();
    await Promise.all([operator, mine.person, theirs.person].map((one) => one.leave()));
  });
});
