/** One call on its page: one clock for all that is said of it, links to a moment, dialogs that give the focus back. */
import type { Browser } from 'playwright-core';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { ended, said, started } from '../support/calls.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { Person } from './person.js';

const AT = Date.parse('2026-11-20T10:00:00.000Z');
const after = (seconds: number) => ({ at: new Date(AT + seconds * 1000).toISOString() });

describeInChromium('a call’s page', () => {
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
    const tenant = await board.createTenant({
      id: fresh('tenant'),
      agents: [agent],
      scopes: ['events:read', 'tokens:write'],
    });
    return { agent, person: await Person.of(browser, board, tenant) };
  }

  it('counts lines and replay by one clock, from the answer on', async () => {
    const { agent, person } = await customer();
    const call = fresh('c');
    await board.ingest(
      { event: 'call.ringing', agent, callId: call, from: '+1', to: '+2', direction: 'inbound', ...after(0) },
      started(agent, call, after(30)),
      said(agent, call, 'm1', 'Hello there', after(37)),
      ended(agent, call, { duration: 20, ...after(50) }),
    );
    const page = await person.watch(`/calls/${call}`);
    await page.getByRole('button', { name: 'Go to 0:07' }).click();
    await page.locator('.replay-time', { hasText: '0:07 / 0:20' }).waitFor();
    await person.leave();
  });

  it('goes to the moment that a link names, however long the call is', async () => {
    const { agent, person } = await customer();
    const call = fresh('c');
    const lines = Array.from({ length: 240 }, (_, index) =>
      said(agent, call, `m${index}`, `line ${index}`, after(30 * index)),
    );
    await board.ingest(
      started(agent, call, after(0)),
      ...lines,
      ended(agent, call, { duration: 7200, ...after(7200) }),
    );
    const page = await person.watch(`/calls/${call}?t=3600`);
    const line = page.locator('.line', { hasText: /line 120$/ });
    await line.waitFor();
    const isInSight = `(() => {
      const { top, bottom } = document.querySelector('.line:last-child').getBoundingClientRect();
      return top > 0 && bottom < innerHeight;
    })()`;
    await waitFor(() => page.evaluate<boolean>(isInSight), 'the last line to be in sight');
    expect(await page.locator('.line').last().innerText()).toMatch(/line 120$/);
    await person.leave();
  });

  it('gives the focus back after a dialog, or to the page’s heading where what had it is gone', async () => {
    const { person } = await customer();
    const page = await person.watch('/tokens');
    const revoke = page.getByRole('button', { name: 'Revoke test' });
    const focused = () =>
      page.evaluate('document.activeElement.getAttribute("aria-label") ?? document.activeElement.tagName');
    await revoke.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused()).toBe('Revoke test');
    await revoke.click();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused()).toBe('Revoke test');
    await person.leave();
  });
});
