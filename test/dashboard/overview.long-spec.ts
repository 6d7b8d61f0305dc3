/** The overview: numbers of any period, compared with the one before, and from each the way to its calls. */
import type { Browser, Page } from 'playwright-core';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { ended, started } from '../support/calls.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { Person } from './person.js';

describeInChromium('the overview', () => {
  let board: Switchboard;
  let browser: Browser;
  beforeAll(async () => {
    [board, browser] = await Promise.all([Switchboard.start(), startChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await board?.stop();
  });

  const over = (agent: string, from: string, day: string, reason = 'hangup', hour = '12') => {
    const [call, at] = [fresh('c'), `2026-11-${day}T${hour}:00:00.000Z`];
    return [started(agent, call, { from, at }), ended(agent, call, { at, duration: 60, reason })];
  };
  const shows = (page: Page, callers: string[]) =>
    waitFor(async () => (await page.locator('.row-link').allInnerTexts()).join() === callers.join(), callers.join());

  it('says how good the calls were, what was not measured, and leads to the calls', async () => {
    const [mara, julia] = [fresh('mara'), fresh('julia')];
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [mara, julia] });
    const [slow, at] = [fresh('c'), '2026-11-12T12:00:00.000Z'];
    const reply = (messageId: string, latencyMs: number) => ({ event: 'bot.speaking', agent: mara, callId: slow, messageId, text: 'Hi', latencyMs, at }); // prettier-ignore
    await board.ingest(
      started(mara, slow, { from: '+1001', at }),
      reply('b1', 600),
      reply('b2', 3400),
      { event: 'tool.call', agent: mara, callId: slow, id: 't1', name: 'find', at },
      { event: 'tool.result', agent: mara, callId: slow, id: 't1', error: 'timeout', at },
      ended(mara, slow, { at }),
      ...over(julia, '+1002', '12', 'hangup', '13'),
    );
    const person = await Person.of(browser, board, tenant);
    const page = await person.watch('/overview?from=2026-11-12&to=2026-11-13');
    const quality = page.getByRole('region', { name: 'Quality' });
    await quality.waitFor();
    const text = await quality.innerText();
    for (const fact of ['2.0 s', '95% within 3.3 s, of 2 turns', 'of 1 tool calls', 'not judged'])
      expect(text).toContain(fact);
    await page.getByText('Show these times as a table').click();
    expect(await page.getByRole('row', { name: /12 Nov.* 2\.0 s 3\.3 s 2/ }).count()).toBe(1);
    expect(await page.getByRole('row', { name: new RegExp(julia) }).innerText()).toMatch(/–\s+–$/);
    await page.getByRole('link', { name: 'Slow calls' }).click();
    await shows(page, ['+1001']);
    await page.getByRole('combobox', { name: 'Problem' }).selectOption('');
    await shows(page, ['+1002', '+1001']);
    await person.leave();
  });

  it('is of any days and agent in its address, says what changed, and leads to the calls', async () => {
    const [mara, julia] = [fresh('mara'), fresh('julia')];
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [mara, julia] });
    await board.ingest(
      ...over(mara, '+1001', '10'),
      ...over(mara, '+1002', '11'),
      ...over(mara, '+1003', '12'),
      ...over(mara, '+1004', '12', 'no_answer', '13'),
      ...over(julia, '+1005', '13'),
    );
    const person = await Person.of(browser, board, tenant);
    const page = await person.watch('/overview?from=2026-11-12&to=2026-11-13');
    const calls = page.locator('.total').first();
    // Three, after two in the two days before.
    await calls.getByText('3', { exact: true }).waitFor();
    expect(await calls.innerText()).toContain('+50% vs. the previous period');
    await page.getByRole('combobox', { name: 'Agent' }).selectOption(mara);
    await calls.getByText('2', { exact: true }).waitFor();
    await page.reload();
    await calls.getByText('2', { exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe(`?from=2026-11-12&to=2026-11-13&agent=${mara}`);
    await page.getByRole('link', { name: 'No answer' }).click();
    await shows(page, ['+1004']);
    await page.goBack();
    await page.getByText('Show as a table').click();
    await page
      .getByRole('link', { name: /12 Nov/ })
      .first()
      .click();
    await shows(page, ['+1004', '+1003']);
    await person.leave();
  });

  it('marks the day that is not over yet, and has a new call within a minute or two without being asked', async () => {
    const agent = fresh('agent');
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
    await board.ingest(started(agent, fresh('c')));
    const person = await Person.of(browser, board, tenant);
    const page = await person.watch('/overview');
    const calls = page.locator('.total').first();
    await calls.getByText('1', { exact: true }).waitFor();
    await page.getByText('Show as a table').click();
    await page.getByText('so far').waitFor();
    await board.ingest(started(agent, fresh('c')));
    await calls.getByText('2', { exact: true }).waitFor({ timeout: 150_000 });
    await person.leave();
  });
});
