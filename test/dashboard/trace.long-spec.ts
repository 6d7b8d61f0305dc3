/** The course of a call on its page: by keyboard and by pointer, to the lines and back, calm while the call goes on. */
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { ended, said, settled, started } from '../support/calls.js';
import { logOf } from '../support/pinecall2-log.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { Person } from './person.js';

const AT = Date.parse('2026-11-20T10:00:00.000Z');
const iso = (seconds: number, from = AT) => new Date(from + seconds * 1000).toISOString();

describeInChromium('the course of a call', () => {
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
    return { agent, tenant, person: await Person.of(browser, board, tenant), call: fresh('c') };
  }

  const plotOf = (page: Page) => page.getByRole('slider', { name: 'Call timeline, item by item' });
  const spoken = (page: Page) => plotOf(page).getAttribute('aria-valuetext');
  const focusedLine = (page: Page) => page.evaluate('document.activeElement.getAttribute("data-line")');
  const msOf = (page: Page, css: string): Promise<number[]> =>
    page.evaluate(`[...document.querySelectorAll('${css}')].map(({ dataset }) => Number(dataset.ms))`);

  /** A call of 20 s with everything that can be measured: a slow answer, a tool that failed, a cut reply, a score. */
  async function measured() {
    const { call, agent, ...more } = await customer();
    await board.ingest(...logOf(call, agent).filter(({ ephemeral }) => ephemeral !== true));
    await settled(board);
    return { call, agent, ...more };
  }

  it('leads by keyboard from item to item, to the line and back', async () => {
    const { call, person } = await measured();
    const page = await person.watch(`/calls/${call}`);
    const plot = plotOf(page);
    await plot.focus();
    await page.keyboard.press('ArrowRight');
    expect(await spoken(page)).toMatch(/^1 of \d+: 0:00 Agent speaks, 2\.0 s, Harbour desk, good morning\.$/);
    await page.keyboard.press('ArrowRight');
    expect(await spoken(page)).toMatch(/^2 of \d+: 0:03 Caller speaks, 1\.3 s, 91% sure, Is the late ferry running\?$/);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    expect(await focusedLine(page)).toBe(`user ${call}_us18`);
    await page.keyboard.press('Escape');
    expect(await page.evaluate('document.activeElement.className')).toBe('trace-plot');
    expect(await spoken(page)).toContain('2 of ');
    await page.keyboard.press('End');
    const last = await spoken(page);
    await page.keyboard.press('ArrowRight');
    expect(await spoken(page)).toBe(last);
    await person.leave();
  });

  it('leads by a click to the line, and by a button back', async () => {
    const { call, person } = await measured();
    const page = await person.watch(`/calls/${call}`);
    const plot = plotOf(page);
    const { width, height } = (await plot.boundingBox()) ?? { width: 0, height: 0 };
    // The agent's lane is the second of four. Its second reply begins at 6 s of 20 and lasts 2.5 s.
    await plot.click({ position: { x: (width * 7) / 20, y: height * 0.375 } });
    await waitFor(async () => (await focusedLine(page)) === `bot ${call}_bs23`, 'the line to have the focus');
    const isInSight = `(() => { const { top, bottom } = document.activeElement.getBoundingClientRect(); return top >= 0 && bottom <= innerHeight; })()`;
    await waitFor(() => page.evaluate<boolean>(isInSight), 'the line to be in sight');
    await page.getByRole('button', { name: 'Back to the timeline' }).click();
    expect(await page.evaluate('document.activeElement.className')).toBe('trace-plot');
    expect(await spoken(page)).toContain('answered after 1.6 s');
    await person.leave();
  });

  it('says where the time went, in parts that add up, and what was measured', async () => {
    const { call, person, tenant } = await measured();
    const page = await person.watch(`/calls/${call}`);
    const parts = page.getByRole('region', { name: 'Where the time went' });
    await parts.waitFor();
    const [total] = await msOf(page, '.time-total');
    const { body } = await board.request<{ duration: number; quality: { parts: { ringing: number } } }>(
      'GET',
      `/v1/calls/${call}`,
      { token: tenant.token },
    );
    expect(total).toBe(body.quality.parts.ringing + body.duration * 1000);
    expect((await msOf(page, '.time-legend dd')).reduce((sum, ms) => sum + ms, 0)).toBe(total);
    const shown = await page.locator('.time-legend dd').allInnerTexts();
    expect(shown.reduce((sum, text) => sum + Math.round(Number.parseFloat(text) * 10), 0)).toBe(Math.round((total ?? 0) / 100)); // prettier-ignore
    const quality = await page.getByRole('region', { name: 'Quality' }).innerText();
    for (const fact of ['1.7 s typically', '1 failed', 'English', 'Not passed', '1 of 2 met', 'it offered a seat'])
      expect(quality).toContain(fact);
    expect(quality).not.toMatch(/cost|0\.03/i);
    expect(await page.locator('[data-line$="_bs23"]').innerText()).toContain('answered after 1.6 s');
    await person.leave();
  });

  it('shows what nobody measured as absent, never as 0', async () => {
    const { call, agent, person } = await customer();
    await board.ingest(started(agent, call, { at: iso(0) }), said(agent, call, 'm1', 'Hello', { at: iso(4) }), ended(agent, call, { at: iso(9), duration: 9 })); // prettier-ignore
    const page = await person.watch(`/calls/${call}`);
    await plotOf(page).press('ArrowRight');
    expect(await spoken(page)).toBe('1 of 2: 0:04 Caller speaks, length not measured, Hello');
    expect(await page.getByRole('region', { name: 'Where the time went' }).innerText()).toContain(
      'no events about who spoke when',
    );
    const quality = await page.getByRole('region', { name: 'Quality' }).innerText();
    expect(quality.match(/not measured/g)).toHaveLength(3);
    expect(quality).toContain('not judged');
    await person.leave();
  });

  it('grows with a call in progress, and leaves what is drawn where it was', async () => {
    const { call, agent, person } = await customer();
    const now = Date.now() - 2000;
    const speaks = (id: string, from: number) => [
      { event: 'bot.speaking', agent, callId: call, messageId: id, text: `reply ${id}`, at: iso(from, now) },
      { event: 'bot.finished', agent, callId: call, messageId: id, at: iso(from + 1, now) },
    ];
    await board.ingest(started(agent, call, { at: iso(0, now) }), ...speaks('b1', 0));
    const page = await person.watch(`/calls/${call}`);
    const drawn = () => page.locator('.trace-agent').getAttribute('d');
    await plotOf(page).press('ArrowRight');
    const before = await drawn();
    await board.ingest(...speaks('b2', 1));
    await waitFor(async () => (await spoken(page))?.startsWith('1 of 2') ?? false, 'the second reply to be there');
    expect((await drawn())?.startsWith(before ?? '?')).toBe(true);
    expect(await page.getByRole('region', { name: 'Where the time went' }).innerText()).toContain(
      'once the call has ended',
    );
    await person.leave();
  });

  it('of thousands of turns stays a small figure, and is complete after “Show earlier”', async () => {
    const { call, agent, person } = await customer();
    const turns = Array.from({ length: 3000 }, (_, index) => [
      said(agent, call, `u${index}`, `question ${index}`, { at: iso(4 * index + 1) }),
      { event: 'bot.speaking', agent, callId: call, messageId: `b${index}`, text: `reply ${index}`, latencyMs: 900, at: iso(4 * index + 2) }, // prettier-ignore
    ]).flat();
    await board.ingest(started(agent, call, { at: iso(0) }));
    for (let from = 0; from < turns.length; from += 500) await board.ingest(...turns.slice(from, from + 500));
    await board.ingest(ended(agent, call, { at: iso(12_000), duration: 12_000 }));
    await settled(board);
    const page = await person.watch(`/calls/${call}`);
    await page.getByText('Earlier part, not loaded').waitFor();
    const nodes = () => page.$$eval('.trace *', (all) => all.length);
    const few = await nodes();
    const count = async () => Number(await plotOf(page).getAttribute('aria-valuemax'));
    const shown = await count();
    await page.getByRole('button', { name: 'Show earlier' }).click();
    await waitFor(async () => (await count()) > shown, 'more items');
    expect(await nodes()).toBe(few);
    expect(few).toBeLessThan(80);
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await page.getByRole('button', { name: 'Whole call' }).click();
    await person.leave();
  });

  it('has no fault that axe can find, and no page wider than the screen, light and dark, wide and on a phone', async () => {
    const { call, person, tenant } = await measured();
    for (const dark of [false, true]) {
      const one = await Person.visiting(browser, board.url, { dark });
      await one.context.request.post(`${board.url}/v1/session`, {
        headers: { Authorization: `Bearer ${tenant.token}` },
      });
      const page = await one.watch(`/calls/${call}`);
      await plotOf(page).press('ArrowRight');
      await page.getByText('Verdicts').click();
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
        await page.evaluate(axe.source);
        expect(await page.evaluate('axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))')).toEqual([]); // prettier-ignore
      }
      await one.leave();
    }
    await person.leave();
  });
});
