/** Every page in three widths and two colour schemes: nothing sticks out or is cut, and axe finds no fault. */
import type { Browser, Page } from 'playwright-core';
import { ended, said, started } from '../support/calls.js';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { axeFaultsOf, misfitsOf } from './layout.js';
import { Person } from './person.js';

const WIDTHS = [1440, 1024, 390];
/** As long as names may reasonably be, and without a place to break. */
const AGENT = 'restaurant-la-terraza-del-puerto-reservations-spanish-2';
const LONG = 'x'.repeat(300);
const TENANT = 'grupo-hostelero';
const [OVER, LIVE] = ['CA_7c1e5b90f3d24a7fb7a2', 'CA_live-9d1b6f4c0a3e4c55'];

/** Each page by its path, and what is there once it has loaded. */
const CUSTOMER_PAGES = [
  ['/live', '.live-row'],
  [`/live/${LIVE}`, '.live-panel .bubble'],
  ['/calls', '.row-link'],
  ['/calls?q=window', 'mark'],
  ['/calls?q=nothing-has-that', '.state-title'],
  [`/calls/${OVER}`, '.talk, .bubble'],
  [`/calls/${OVER}?t=11`, '.bubble'],
  ['/calls/none', '.state-text'],
  ['/overview', '.hours'],
  ['/inspector', '.state-title'],
  ['/tokens', '.tokens-table'],
  ['/audit', 'tbody tr'],
  ['/nope', 'h1'],
] as const;
const OPERATOR_PAGES = [
  ['/admin/home', '.concern'],
  ['/admin/live', '.live-row'],
  [`/admin/live/${TENANT}~${LIVE}`, '.live-panel .bubble'],
  ['/admin/calls', '.row-link'],
  [`/admin/calls/${TENANT}~${OVER}`, '.bubble'],
  ['/admin/tenants', 'tbody tr'],
  [`/admin/tenants/${TENANT}`, '.tokens-table'],
  ['/admin/agents', 'tbody tr'],
  ['/admin/inspector', 'h1'],
  ['/admin/connections', 'tbody tr'],
  ['/admin/audit', 'tbody tr'],
  ['/admin/explain', 'form'],
  [`/admin/explain?tenant=${TENANT}&of=CA_nobody`, '.check-line'],
  ['/admin/health', '.health-part'],
  ['/admin/access', '.tokens-table'],
  [`/admin/view/${TENANT}`, 'h1'],
  ['/admin/nope', 'h1'],
] as const;

describeInChromium('every page', () => {
  let board: Switchboard;
  let browser: Browser;
  let pages: Record<'customer' | 'operator' | 'visitor', Page>;
  const people: Person[] = [];
  beforeAll(async () => {
    [board, browser] = await Promise.all([Switchboard.start(), startChromium()]);
    const token = await fill();
    const operator = await Person.of(browser, board, { token: board.adminToken });
    const customer = await Person.of(browser, board, { token });
    const visitor = await Person.visiting(browser, board.url);
    people.push(operator, customer, visitor);
    const opened = people.map(({ context }) => context.newPage());
    const [first, second, third] = (await Promise.all(opened)) as [Page, Page, Page];
    pages = { operator: first, customer: second, visitor: third };
    for (const page of [first, second, third]) await page.emulateMedia({ reducedMotion: 'reduce' });
  });
  afterAll(async () => {
    await Promise.all(people.map((person) => person.leave()));
    await browser?.close();
    await board?.stop();
  });

  /** A customer with long names, a call that is over and one in progress, and a call of nobody's. */
  async function fill(): Promise<string> {
    const scopes = ['events:read', 'agents:read', 'tokens:write', 'webhooks:write', 'rules:write'];
    const { token } = await board.createTenant({ id: TENANT, agents: [AGENT], scopes });
    const name = 'Grupo Hostelero del Mediterráneo Occidental, Sociedad Limitada';
    await expectStatus(200, board.admin('PATCH', `/v1/admin/tenants/${TENANT}`, { name }));
    const body = { name: 'Wallboard in the reservations office on the second floor', scopes: ['events:read'] };
    await expectStatus(201, board.admin('POST', `/v1/admin/tenants/${TENANT}/tokens`, body));
    const at = (second: number) => ({ at: new Date(Date.now() - 3_600_000 + second * 1000).toISOString() });
    const tool = { agent: AGENT, callId: OVER, id: 't1' };
    await board.ingest(
      started(AGENT, OVER, at(0)),
      { event: 'bot.speaking', agent: AGENT, callId: OVER, messageId: 'b1', text: 'How can I help?', ...at(2) },
      { event: 'bot.finished', agent: AGENT, callId: OVER, messageId: 'b1', ...at(5) },
      said(AGENT, OVER, 'u1', `A table by the window, please. ${LONG}`, at(10)),
      { event: 'tool.call', ...tool, name: `book_table_${LONG.slice(0, 80)}`, args: { place: LONG }, ...at(12) },
      { event: 'tool.result', ...tool, result: { table: LONG }, ms: 300, ...at(13) },
      ended(AGENT, OVER, { duration: 20, ...at(20) }),
      started(AGENT, LIVE, { from: 'sip:reservations-desk-of-the-second-floor@pbx.example.com' }),
      said(AGENT, LIVE, 'u1', 'Are you open today?'),
      started(AGENT, 'CA_failed', at(0)),
      ended(AGENT, 'CA_failed', { reason: 'failed', ...at(9) }),
      started('nora', 'CA_nobody'),
    );
    return token;
  }

  /** Everything that is wrong with a page, by width and scheme. */
  async function faultsOf(page: Page, path: string, ready: string): Promise<Record<string, string[]>> {
    await page.goto(`${board.url}${path}`);
    await page.locator(ready).first().waitFor();
    const faults: Record<string, string[]> = {};
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const misfits = await misfitsOf(page);
        // Between the schemes only the colours differ.
        const broken = await axeFaultsOf(page, colorScheme === 'dark' ? ['color-contrast'] : undefined);
        if (misfits.length + broken.length > 0) faults[`${width} ${colorScheme}`] = [...misfits, ...broken];
      }
    }
    return faults;
  }

  it.each(CUSTOMER_PAGES)('fits its window for a customer: %s', async (path, ready) => {
    expect(await faultsOf(pages.customer, path, ready)).toEqual({});
  });

  it.each(OPERATOR_PAGES)('fits its window for an operator: %s', async (path, ready) => {
    expect(await faultsOf(pages.operator, path, ready)).toEqual({});
  });

  it('keeps what a phone’s bar has no room for behind “More”', async () => {
    const page = pages.customer;
    await page.goto(`${board.url}/live`);
    await page.setViewportSize({ width: 390, height: 900 });
    const more = page.getByRole('button', { name: 'More' });
    await more.click();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect([...(await misfitsOf(page)), ...(await axeFaultsOf(page))]).toEqual([]);
    }
    await page.keyboard.press('Escape');
    expect(await page.getByRole('link', { name: 'Audit' }).count()).toBe(0);
    expect(await page.locator(':focus').innerText()).toBe('More');
    await more.click();
    await page.getByRole('link', { name: 'Audit' }).click();
    await page.getByRole('heading', { name: 'Audit log' }).waitFor();
    expect(await more.getAttribute('aria-expanded')).toBe('false');
    await page.setViewportSize({ width: 1440, height: 900 });
    expect(await more.count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Audit' }).count()).toBe(1);
  });

  it.each(['/', '/nope', '/#code=gone'])('fits its window for a visitor: %s', async (path) => {
    expect(await faultsOf(pages.visitor, path, 'h1')).toEqual({});
  });
});
