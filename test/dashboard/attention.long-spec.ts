/** The live page where much goes on: what is searched, what comes first, and what stays where it is. */
import type { Browser, Page } from 'playwright-core';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { ended, started } from '../support/calls.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { Person, rowsOf } from './person.js';

const minutesAgo = (minutes: number) => ({ at: new Date(Date.now() - minutes * 60_000).toISOString() });

describeInChromium('the live page, where much goes on', () => {
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
    const [mara, julia] = [fresh('mara'), fresh('julia')];
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [mara, julia] });
    const person = await Person.of(browser, board, tenant);
    return { mara, julia, person };
  }

  /** Numbers, from the top of the list to its end. */
  async function callers(page: Page): Promise<string[]> {
    const rows = await page.locator('.windowed-row').all();
    const placed = await Promise.all(
      rows.map(async (row) => ({ text: await row.innerText(), top: (await row.boundingBox())?.y ?? 0 })),
    );
    return placed.sort((one, other) => one.top - other.top).map(({ text }) => /\+\d+/.exec(text)?.[0] ?? '');
  }

  const shows = (page: Page, wanted: string[]) =>
    waitFor(async () => (await callers(page)).join() === wanted.join(), `the rows ${wanted.join()}`);

  it('puts first who asks for a person, then failed tools and long calls, or sorts as it is told', async () => {
    const { mara, person } = await customer();
    const [long, tool, plain, asks] = [fresh('c'), fresh('c'), fresh('c'), fresh('c')];
    await board.ingest(
      started(mara, long, { from: '+1001', ...minutesAgo(20) }),
      started(mara, asks, { from: '+1002', ...minutesAgo(3) }),
      started(mara, tool, { from: '+1003', ...minutesAgo(2) }),
      started(mara, plain, { from: '+1004', ...minutesAgo(1) }),
    );
    const page = await person.watch();
    await shows(page, ['+1001', '+1004', '+1003', '+1002']);
    await board.ingest(
      { event: 'tool.call', agent: mara, callId: tool, id: 't1', name: 'book', args: {} },
      { event: 'tool.result', agent: mara, callId: tool, id: 't1', error: 'no table' },
      { event: 'handoff.requested', agent: mara, callId: asks },
    );
    await shows(page, ['+1002', '+1003', '+1001', '+1004']);
    expect((await rowsOf(page)).join()).toMatch(/Asks for a person[^]*Tool failed[^]*Long call/);
    await page.getByText('1 caller asks for a person').waitFor();
    await page.getByLabel('Sort by').selectOption('Newest first');
    await shows(page, ['+1004', '+1003', '+1002', '+1001']);
    await page.getByLabel('Sort by').selectOption('Longest first');
    await shows(page, ['+1001', '+1002', '+1003', '+1004']);
    await page.reload();
    await shows(page, ['+1001', '+1002', '+1003', '+1004']);
    await person.leave();
  });

  it('marks the tab’s title when a caller asks for a person, once that is turned on', async () => {
    const { mara, person } = await customer();
    const call = fresh('c');
    const page = await person.watch();
    await board.ingest(started(mara, call), { event: 'handoff.requested', agent: mara, callId: call });
    await page.getByText('1 caller asks for a person').waitFor();
    expect(await page.title()).toMatch(/^Live/);
    await page.getByRole('button', { name: 'Alert me' }).click();
    await waitFor(async () => (await page.title()).startsWith('(1) Live'), 'one in the title');
    await board.ingest({ event: 'handoff.active', agent: mara, callId: call, by: 'Ana' });
    await waitFor(async () => (await page.title()).startsWith('Live'), 'none in the title');
    await person.leave();
  });

  it('is searched and narrowed to an agent in its address, and keeps a pinned call on top', async () => {
    const { mara, julia, person } = await customer();
    const [first, second, third] = [fresh('c'), fresh('c'), fresh('c')];
    await board.ingest(
      started(mara, first, { from: '+2001', ...minutesAgo(3) }),
      started(julia, second, { from: '+2002', ...minutesAgo(2) }),
      started(mara, third, { from: '+1234', to: '+2003', direction: 'outbound', ...minutesAgo(1) }),
    );
    const page = await person.watch(`/live?agent=${mara}`);
    // Of a call that goes out, whoever was called.
    await shows(page, ['+2003', '+2001']);
    await page.locator('.live-row', { hasText: '+2001' }).click();
    await page.getByRole('button', { name: 'Pin' }).click();
    await shows(page, ['+2001', '+2003']);
    expect(new URL(page.url()).search).toBe(`?agent=${mara}`);
    await page.getByRole('combobox', { name: 'Agent' }).selectOption('All agents');
    await page.getByRole('searchbox').fill('200');
    await shows(page, ['+2001', '+2003', '+2002']);
    await page.getByRole('searchbox').fill('nobody');
    await page.getByText('No live calls match').waitFor();
    await page.reload();
    await page.getByText('No live calls match').waitFor();
    await person.leave();
  });

  it('leaves the rows and the call that are pointed at where they are, while others come and go', async () => {
    const { mara, person } = await customer();
    const [first, second] = [fresh('c'), fresh('c')];
    await board.ingest(started(mara, first, { from: '+3001', ...minutesAgo(2) }));
    await board.ingest(started(mara, second, { from: '+3002', ...minutesAgo(1) }));
    const page = await person.watch();
    await shows(page, ['+3002', '+3001']);
    await page.locator('.live-row', { hasText: '+3001' }).hover();
    const others = Array.from({ length: 12 }, () => fresh('c'));
    await board.ingest(...others.map((call, index) => started(mara, call, { from: `+40${10 + index}` })));
    await page.getByText('14 calls in progress').waitFor();
    expect((await callers(page)).slice(0, 2)).toEqual(['+3002', '+3001']);
    await page.locator('.live-row', { hasText: '+3002' }).hover();
    await board.ingest(...others.map((call) => ended(mara, call)), started(mara, fresh('c'), { from: '+3003' }));
    await page.getByText('3 calls in progress').waitFor();
    expect((await callers(page)).slice(0, 2)).toEqual(['+3002', '+3001']);
    expect(await page.locator('.panel-title').innerText()).toBe('+3002');
    await page.locator('h1').hover();
    await waitFor(async () => (await callers(page))[0] === '+3003', 'the newest call');
    await page.locator('.panel-title', { hasText: '+3003' }).waitFor();
    await person.leave();
  });
});
