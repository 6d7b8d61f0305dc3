/** What people do on the page, in a real browser: sign in, find a call, watch it again, make and revoke a token. */
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { ended, said, started } from '../support/calls.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { Person, isLive } from './person.js';
import { waitFor } from '../support/wait-for.js';

const SCOPES = ['events:read', 'agents:read', 'tokens:write'];
const AT = Date.parse('2026-11-20T10:00:00.000Z');
const after = (seconds: number) => ({ at: new Date(AT + seconds * 1000).toISOString() });

describeInChromium('the page', () => {
  let board: Switchboard;
  let browser: Browser;
  beforeAll(async () => {
    [board, browser] = await Promise.all([Switchboard.start(), startChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await board?.stop();
  });

  /** A customer with a call that is over, of 20 seconds, and one in progress. */
  async function customer() {
    const agent = fresh('agent');
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [agent], scopes: SCOPES });
    const [over, live] = [fresh('over'), fresh('live')];
    await board.ingest(
      started(agent, over, { from: '+34999', ...after(0) }),
      {
        event: 'bot.speaking',
        agent,
        callId: over,
        messageId: 'b1',
        text: 'Good evening, how can I help?',
        ...after(2),
      },
      { event: 'bot.finished', agent, callId: over, messageId: 'b1', ...after(5) },
      said(agent, over, 'u1', 'A table by the window, please', after(10)),
      { event: 'tool.call', agent, callId: over, id: 't1', name: 'book_table', args: { people: 2 }, ...after(12) },
      { event: 'tool.result', agent, callId: over, id: 't1', result: { table: 7 }, ms: 300, ...after(13) },
      ended(agent, over, { duration: 20, ...after(20) }),
      started(agent, live),
      said(agent, live, 'u1', 'Are you open today?'),
    );
    return { agent, tenant, over, live };
  }

  it('lets nobody in who only opens a link, as mail scanners do with all that a page runs', async () => {
    const { tenant } = await customer();
    const { body: link } = await board.admin<{ url: string }>(
      'POST',
      `/v1/admin/tenants/${tenant.id}/sign-in-links`,
      {},
    );
    const scanner = await Person.visiting(browser, board.url);
    const scanned = await scanner.open(`/${new URL(link.url).hash}`);
    await scanned.getByRole('button', { name: 'Open Switchboard' }).waitFor();
    await scanned.waitForLoadState('networkidle');
    expect(await faultsOf(scanned)).toEqual([]);
    const person = await Person.visiting(browser, board.url);
    const page = await person.open(`/${new URL(link.url).hash}`);
    await page.getByRole('button', { name: 'Open Switchboard' }).click();
    await isLive(page);
    await Promise.all([scanner.leave(), person.leave()]);
  });

  it('shows its numbers in UTC where the browser knows no zone, or one that the server does not', async () => {
    const { tenant } = await customer();
    const person = await Person.of(browser, board, tenant);
    for (const zone of ['Etc/Unknown', 'Mars/Phobos']) {
      const page = await person.context.newPage();
      await page.addInitScript(`{
        const { resolvedOptions } = Intl.DateTimeFormat.prototype;
        Intl.DateTimeFormat.prototype.resolvedOptions = function () {
          return { ...resolvedOptions.call(this), timeZone: ${JSON.stringify(zone)} };
        };
      }`);
      await page.goto(`${board.url}/overview`);
      await page.locator('.chart-hint', { hasText: 'UTC' }).waitFor();
      await page.close();
    }
    await person.leave();
  });

  it('opens signed in by a link that works once, and lets a token be made, used and revoked', async () => {
    const { tenant } = await customer();
    const path = `/v1/admin/tenants/${tenant.id}/sign-in-links`;
    const { body: link } = await board.admin<{ url: string }>('POST', path, {});
    const code = new URL(link.url).hash;
    const person = await Person.visiting(browser, board.url);
    const page = await person.open(`/${code}`);
    await page.getByRole('button', { name: 'Open Switchboard' }).click();
    await isLive(page);
    expect(page.url()).toBe(`${board.url}/live`);
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByRole('button', { name: 'New token' }).click();
    await page.getByLabel('Name').fill('Wallboard');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const made = await page.locator('.secret-text').innerText();
    expect((await board.request('GET', '/v1/me', { token: made })).status).toBe(200);
    await page.locator('.snippet-code', { hasText: made }).waitFor();
    await page.getByText('Browser', { exact: true }).click();
    const url = /EventSource\("(.+?)"\)/.exec(await page.locator('.snippet-code', { hasText: 'token=ey' }).innerText());
    const stream = await board.open(`/v1/events${new URL(url?.[1] ?? '').search}`);
    await stream.untilType('log.caught_up');
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await page.content()).not.toContain(made);
    await page.getByRole('button', { name: 'Revoke Wallboard' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.locator('tr', { hasText: 'Wallboard' }).getByText('Revoked').waitFor();
    expect((await board.request('GET', '/v1/me', { token: made })).status).toBe(401);
    const second = await Person.visiting(browser, board.url);
    const late = await second.open(`/${code}`);
    await late.getByRole('button', { name: 'Open Switchboard' }).click();
    await late.getByText('This sign-in link no longer works').waitFor();
    await Promise.all([person.leave(), second.leave()]);
  });

  it('is no wider than its window, however long a tool’s values are', async () => {
    const { agent, tenant } = await customer();
    const call = fresh('long');
    const long = 'x'.repeat(3000);
    await board.ingest(
      started(agent, call),
      { event: 'tool.call', agent, callId: call, id: 't1', name: long.slice(0, 200), args: { place: long } },
      { event: 'tool.result', agent, callId: call, id: 't1', result: { place: long, list: [long, 'y y'.repeat(900)] } },
      ended(agent, call),
    );
    const person = await Person.of(browser, board, tenant);
    const page = await person.watch(`/calls/${call}`);
    await page.locator('.tool-head').click();
    for (const width of [390, 1024, 1440]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
    await person.leave();
  });

  it('answers an address that is nobody’s with a page that says so', async () => {
    const { tenant } = await customer();
    const person = await Person.of(browser, board, tenant);
    const page = await person.context.newPage();
    expect((await page.goto(`${board.url}/nope`))?.status()).toBe(404);
    await page.getByRole('heading', { name: 'Page not found' }).waitFor();
    await person.leave();
  });

  it('asks for a token where the session may only look', async () => {
    const { tenant } = await customer();
    const person = await Person.of(browser, board, tenant);
    const page = await person.watch('/tokens');
    await page.getByRole('button', { name: 'Revoke test' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByLabel('Token', { exact: true }).fill(tenant.token);
    await page.getByRole('button', { name: 'Use this token' }).click();
    // It was the session's own.
    await page.getByText('Your access was revoked').waitFor();
    await person.leave();
  });

  it('finds a call by what was said, and shows it again as it happened', async () => {
    const { tenant, over } = await customer();
    const person = await Person.of(browser, board, tenant);
    const page = await person.watch('/calls');
    await page.locator('.row-link').nth(1).waitFor();
    await page.getByRole('searchbox').fill('window');
    await page.locator('mark', { hasText: 'window' }).waitFor();
    expect(await page.locator('.row-link').allInnerTexts()).toEqual(['+34999']);
    await page.locator('.row-link').click();
    await page.locator('.bubble', { hasText: 'A table by the window' }).waitFor();
    expect(page.url()).toBe(`${board.url}/calls/${over}`);
    const bubbles = page.locator('.call-script .bubble');
    await page.goto(`${board.url}/calls/${over}?t=3.5`);
    await waitFor(async () => (await bubbles.count()) === 1, 'the line that was said by then');
    expect(await page.locator('.unspoken').innerText()).toMatch(/help\?$/);
    await page.getByText('8×').click();
    await page.getByRole('button', { name: 'Play' }).click();
    await page.locator('.tool', { hasText: 'book_table' }).waitFor();
    await page.getByRole('button', { name: 'Play' }).waitFor(); // It has come to its end.
    expect(await bubbles.allInnerTexts()).toEqual(['Good evening, how can I help?', 'A table by the window, please']);
    await page.getByRole('slider', { name: 'Position in the call' }).fill('6');
    expect(await bubbles.count()).toBe(1);
    await person.leave();
  });

  it('signs out in every tab', async () => {
    const { tenant } = await customer();
    const person = await Person.of(browser, board, tenant);
    const tabs = [await person.watch('/calls'), await person.watch('/live')];
    await tabs[0]?.getByRole('button', { name: 'Sign out' }).click();
    await Promise.all(tabs.map((tab) => tab.getByText('You have signed out').waitFor()));
    expect((await person.context.cookies()).filter(({ value }) => value !== '')).toEqual([]);
    await person.leave();
  });

  it('says that one has signed out, in whichever order a tab hears of it', async () => {
    const { tenant } = await customer();
    const person = await Person.of(browser, board, tenant);
    const [here, there] = [await person.watch('/calls'), await person.watch('/live')];
    // The other tab takes the stream over, is refused and asks why; it is answered after it has heard of the signing
    // out.
    const asked = there.waitForRequest('**/v1/me');
    let answer: () => void = () => undefined;
    const heard = new Promise<void>((resolve) => (answer = resolve));
    await there.route('**/v1/me', async (route) => heard.then(() => route.continue()), { times: 1 });
    await here.route('**/v1/session', async (route) => {
      const response = await route.fetch();
      await asked;
      await route.fulfill({ response });
    });
    await here.getByRole('button', { name: 'Sign out' }).click();
    await there.getByText('You have signed out').waitFor();
    const answered = there.waitForResponse('**/v1/me');
    answer();
    await (await answered).finished();
    expect(await there.locator('body').innerText()).toMatch('You have signed out');
    await person.leave();
  });

  it('has no fault that axe can find, light and dark', async () => {
    const { tenant, over, live } = await customer();
    const person = await Person.of(browser, board, tenant);
    const page = await person.watch(`/live/${live}`);
    const faults: Record<string, string[]> = {};
    const check = async (name: string, ready: string) => {
      await page.locator(ready).first().waitFor();
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      const light = await faultsOf(page);
      await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
      faults[name] = [...light, ...(await faultsOf(page, ['color-contrast']))];
    };
    await check('live', '.bubble');
    for (const [path, ready] of [
      ['/calls?q=window', 'mark'],
      [`/calls/${over}?t=11`, '.talk'],
      ['/overview', '.hours'],
      ['/tokens', '.tokens-table'],
      ['/calls/none', 'h1'],
    ] as const) {
      await page.goto(`${board.url}${path}`);
      await check(path, ready);
    }
    await page.goto(`${board.url}/tokens`);
    await page.getByRole('button', { name: 'Revoke test' }).click();
    await check('dialog', 'dialog');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'New token' }).click();
    await check('form', '.token-form');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await check('signed out', '.sign-in-card');
    expect(Object.entries(faults).filter(([, found]) => found.length > 0)).toEqual([]);
    await person.leave();
  });
});

/** What axe finds on the page as it stands, by all of its rules or by some. */
async function faultsOf(page: Page, rules?: string[]): Promise<string[]> {
  await page.evaluate(axe.source);
  const options = JSON.stringify({ resultTypes: ['violations'], ...(rules && { runOnly: rules }) });
  const run = `axe.run(${options}).then(({ violations }) => violations)`;
  const violations = await page.evaluate<{ id: string; nodes: { html: string; failureSummary?: string }[] }[]>(run);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
