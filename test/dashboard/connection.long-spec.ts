/** How the page holds on to the server: one stream for all tabs, across restarts, and not beyond its rights. */
import type { Browser } from 'playwright-core';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { said, started } from '../support/calls.js';
import { createDatabase } from '../support/database.js';
import { Gateway } from '../support/gateway.js';
import { Installation } from '../support/server-process.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { Person, isLive } from './person.js';

describeInChromium('the page’s connection', () => {
  let board: Switchboard;
  let browser: Browser;
  beforeAll(async () => {
    [board, browser] = await Promise.all([Switchboard.start(), startChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await board?.stop();
  });

  const streamsOf = async (tenant: string): Promise<number> => {
    const { body } = await board.admin<{ connections: { tenant: string }[] }>('GET', '/v1/admin/connections');
    return body.connections.filter((one) => one.tenant === tenant).length;
  };

  it('says why it lets nobody in, also to somebody who had signed out before', async () => {
    const tenant = await board.createTenant({ id: fresh('tenant') });
    const person = await Person.of(browser, board, tenant);
    const page = await person.watch();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You have signed out').waitFor();
    // Revoked in the moment between signing in and the first look.
    await page.route('**/v1/me', async (route) => {
      await board.admin('DELETE', `/v1/admin/tokens/${tenant.tokenId}`);
      await route.continue();
    });
    await page.getByRole('textbox').fill(tenant.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Your access was revoked').waitFor();
    await person.leave();
  });

  it('stays signed out when what it had asked before is answered after', async () => {
    const person = await Person.of(browser, board, await board.createTenant({ id: fresh('tenant') }));
    const page = await person.watch();
    let answer: () => void = () => undefined;
    const signedOut = new Promise<void>((resolve) => (answer = resolve));
    await page.route('**/v1/me', async (route) => {
      const response = await route.fetch();
      await signedOut;
      await route.fulfill({ response });
    });
    const asked = page.waitForRequest('**/v1/me');
    await page.evaluate(() => new BroadcastChannel('switchboard.session').postMessage('changed'));
    await asked;
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You have signed out').waitFor();
    const answered = page.waitForResponse('**/v1/me');
    answer();
    await (await answered).finished();
    await page.evaluate(() => fetch('/healthz')); // By then the page has acted on the answer.
    expect(await page.title()).toMatch(/^Sign in/);
    await person.leave();
  });

  it('keeps six tabs live with one stream, also when the tab that reads it closes', async () => {
    const agent = fresh('agent');
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
    const person = await Person.of(browser, board, tenant);
    const tabs = [];
    for (let count = 0; count < 6; count++) tabs.push(await person.watch());
    const call = fresh('call');
    await board.ingest(started(agent, call), said(agent, call, 'm1', 'heard by all'));
    await Promise.all(tabs.map((tab) => tab.locator('.line', { hasText: 'heard by all' }).waitFor()));
    expect(await streamsOf(tenant.id)).toBe(1);
    const [reader, ...others] = tabs;
    await Promise.all([reader?.close(), board.ingest(said(agent, call, 'm2', 'said in between'))]);
    await Promise.all(others.map((tab) => tab.locator('.line', { hasText: 'said in between' }).waitFor()));
    await waitFor(async () => (await streamsOf(tenant.id)) === 1, 'one stream again');
    await board.ingest(said(agent, call, 'm3', 'said afterwards'));
    await Promise.all(others.map((tab) => tab.locator('.line', { hasText: 'said afterwards' }).waitFor()));
    await Promise.all(others.map((tab) => isLive(tab)));
    await person.leave();
  });

  it('says so when its token is revoked, in every tab', async () => {
    const tenant = await board.createTenant({ id: fresh('tenant') });
    const person = await Person.of(browser, board, tenant);
    const tabs = [await person.watch(), await person.watch('/calls')];
    await board.admin('DELETE', `/v1/admin/tokens/${tenant.tokenId}`);
    await Promise.all(tabs.map((tab) => tab.getByText('Your access was revoked').waitFor()));
    await person.leave();
  });

  it('says so when the tenant is suspended', async () => {
    const tenant = await board.createTenant({ id: fresh('tenant') });
    const person = await Person.of(browser, board, tenant);
    const page = await person.watch();
    await board.admin('PATCH', `/v1/admin/tenants/${tenant.id}`, { status: 'suspended' });
    await page.getByText('Your account is suspended').waitFor();
    await person.leave();
  });

  it('says so within seconds when nothing gets through, though nothing has failed, and goes on by itself', async () => {
    const gateway = await Gateway.to(board.url);
    const agent = fresh('agent');
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
    const person = await Person.of(browser, gateway, tenant);
    const call = fresh('call');
    await board.ingest(started(agent, call));
    const page = await person.watch();
    gateway.fallSilent();
    await page.locator('.connection-reconnecting').waitFor();
    await page.getByText('What you see may be out of date').waitFor();
    // Its timer stands.
    const timer = page.locator('.live-row .numeric').first();
    const stands = await timer.innerText();
    const startedAt = Date.now();
    await waitFor(() => Date.now() - startedAt > 1500, 'more than a second');
    expect(await timer.innerText()).toBe(stands);
    await board.ingest(said(agent, call, 'm1', 'while nobody heard'));
    gateway.recover();
    await page.locator('.line', { hasText: 'while nobody heard' }).waitFor({ timeout: 120_000 });
    await isLive(page);
    await person.leave();
    await gateway.down();
  });

  it('asks again for what was under way when nothing got through any more', async () => {
    const gateway = await Gateway.to(board.url);
    const agent = fresh('agent');
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
    const person = await Person.of(browser, gateway, tenant);
    const call = fresh('call');
    await board.ingest(started(agent, call), said(agent, call, 'm1', 'before the silence'));
    const page = await person.watch('/tokens');
    // The first request for the call is never answered, as on a connection that is half open.
    let isLost = false;
    await page.route(`**/v1/calls/${call}`, (route) => {
      if (isLost) return route.continue();
      isLost = true;
      gateway.fallSilent();
      return undefined;
    });
    await page.getByRole('link', { name: 'Live' }).click();
    await page.locator('.connection-reconnecting').waitFor();
    gateway.recover();
    await isLive(page);
    await page.locator('.line', { hasText: 'before the silence' }).waitFor();
    await person.leave();
    await gateway.down();
  });

  it('reads by itself when the tab that reads for it hangs', async () => {
    const agent = fresh('agent');
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
    const person = await Person.of(browser, board, tenant);
    const [reader, other] = [await person.watch(), await person.watch()];
    const session = await person.context.newCDPSession(reader);
    await session.send('Debugger.enable');
    const paused = new Promise((resolve) => session.once('Debugger.paused', resolve));
    await session.send('Debugger.pause');
    await paused;
    const call = fresh('call');
    await board.ingest(started(agent, call), said(agent, call, 'm1', 'to whoever listens'));
    await other.locator('.line', { hasText: 'to whoever listens' }).waitFor();
    await session.send('Debugger.resume');
    await reader.locator('.line', { hasText: 'to whoever listens' }).waitFor();
    await waitFor(async () => (await streamsOf(tenant.id)) === 1, 'one stream again');
    await board.ingest(said(agent, call, 'm2', 'to both'));
    for (const tab of [reader, other]) await tab.locator('.line', { hasText: 'to both' }).waitFor();
    await person.leave();
  });

  it('is loaded anew when it comes out of the browser’s back and forward cache', async () => {
    const person = await Person.of(browser, board, await board.createTenant({ id: fresh('tenant') }));
    const page = await person.watch();
    await Promise.all([
      page.waitForEvent('load'),
      page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"),
    ]);
    await isLive(page);
    await person.leave();
  });

  it('goes on without a reload when the server was killed and is back, and misses nothing', async () => {
    const database = await createDatabase();
    const server = await Installation.create({ SOURCES: 'none', DATABASE_URL: database.url });
    try {
      const first = await server.start();
      const admin = { Authorization: `Bearer ${server.read('admin-token')}`, 'Content-Type': 'application/json' };
      const send = async (method: string, path: string, body: unknown): Promise<Record<string, string>> => {
        const response = await fetch(`${server.url}${path}`, { method, headers: admin, body: JSON.stringify(body) });
        if (!response.ok) throw new Error(await response.text());
        return (await response.json()) as Record<string, string>;
      };
      await send('POST', '/v1/admin/tenants', { tenant: 'acme' });
      await send('PUT', '/v1/admin/agents/mara/owner', { tenant: 'acme', from: null });
      const scopes = ['events:read'];
      const { token = '' } = await send('POST', '/v1/admin/tenants/acme/tokens', { name: 'test', scopes });
      const person = await Person.of(browser, server, { token });
      const page = await person.watch();
      await page.evaluate('window.isTheSamePage = true');
      const overview = await person.watch('/overview');
      await send('POST', '/v1/ingest', [started('mara', 'CA_1'), said('mara', 'CA_1', 'm1', 'before the fall')]);
      await page.locator('.line', { hasText: 'before the fall' }).waitFor();
      await first.kill9();
      await page.locator('.connection-reconnecting').waitFor();
      await overview.getByText('24 hours', { exact: true }).click();
      await overview.getByText('Could not load this').waitFor();
      await server.start();
      // Said before the page is back: it is in the backlog after its cursor.
      const words = ['while it', 'was', 'away'].map((text, index) => said('mara', 'CA_1', `n${index}`, text));
      await send('POST', '/v1/ingest', words);
      await isLive(page);
      await send('POST', '/v1/ingest', [said('mara', 'CA_1', 'm2', 'after')]);
      await page.locator('.line', { hasText: /after/ }).waitFor();
      expect(await page.locator('.live-panel .bubble').allInnerTexts()).toEqual([
        'before the fall',
        'while it',
        'was',
        'away',
        'after',
      ]);
      expect(await page.evaluate('window.isTheSamePage')).toBe(true);
      await overview.getByRole('region', { name: 'Totals' }).waitFor();
      await person.leave();
    } finally {
      await server.remove();
      await database.drop();
    }
  });
});
