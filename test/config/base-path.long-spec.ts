/**
 * The product below a path of somebody's site, behind a real nginx: whether that takes the prefix away or hands it on.
 */
import type { Browser } from 'playwright-core';
import { itInChromium, startChromium } from '../support/chromium.js';
import { Nginx, describeBehindNginx } from '../support/nginx.js';
import { freePort } from '../support/free-port.js';
import { StreamReader } from '../support/stream-reader.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { Person, isLive, rowsOf } from '../dashboard/person.js';
import { waitFor } from '../support/wait-for.js';

const PATH = '/team/switchboard';

describeBehindNginx('below a path', () => {
  let browser: Browser | undefined;
  let nginx: Nginx;
  const boards: Switchboard[] = [];
  /** As people know them: one whose proxy takes the prefix away, one whose proxy hands it on. */
  const urls: string[] = [];

  beforeAll(async () => {
    nginx = await Nginx.create();
    const ports = [await freePort(), await freePort()];
    urls.push(...ports.map((port) => `http://127.0.0.1:${port}${PATH}`));
    const first = await Switchboard.start({ PUBLIC_URL: urls[0] ?? '', CORS_ORIGINS: 'https://app.example' });
    boards.push(first, await first.beside({ PUBLIC_URL: urls[1] ?? '', CORS_ORIGINS: 'https://app.example' }));
    const servers = boards.map(({ url }, index) => {
      const place = index === 0 ? `location ${PATH}/ { proxy_pass ${url}/;` : `location ${PATH} { proxy_pass ${url};`;
      return `server { listen 127.0.0.1:${ports[index]}; proxy_http_version 1.1; ${place} proxy_buffering off; } }\n`;
    });
    await nginx.start(
      boards.map(({ url }) => Number(new URL(url).port)),
      servers.join(''),
    );
  });

  afterAll(async () => {
    await browser?.close();
    await nginx.stop();
    for (const board of [...boards].reverse()) await board.stop();
  });

  describe.each([
    ['whose prefix the proxy takes away', 0],
    ['whose prefix the proxy hands on', 1],
  ])('%s', (_, index) => {
    const place = () => ({ board: boards[index] as Switchboard, url: urls[index] ?? '' });

    it('links, stream URLs, the API’s description and its page are there, and pages of others may ask', async () => {
      const { board, url } = place();
      const { id, token } = await board.createTenant({ id: fresh('tenant'), agents: [fresh('mara')] });
      const headers = { Authorization: `Bearer ${token}` };
      const minted = (await (await fetch(`${url}/v1/stream-tokens`, { method: 'POST', headers })).json()) as {
        url: string;
      };
      expect(minted.url).toMatch(`${url}/v1/events?token=`);
      const reader = await StreamReader.open(minted.url);
      await reader.untilType('log.caught_up');
      reader.close();
      const link = await board.admin<{ url: string }>('POST', `/v1/admin/tenants/${id}/sign-in-links`);
      expect(link.body.url).toMatch(`${url}/#code=`);
      expect(await (await fetch(`${url}/openapi.json`)).json()).toMatchObject({ servers: [{ url: PATH }] });
      const docs = await (await fetch(`${url}/docs`)).text();
      const [, script = ''] = /src="(.\/docs\/[^"]+)"/.exec(docs) ?? [];
      expect((await fetch(new URL(script, `${url}/docs`))).status).toBe(200);
      const asks = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'GET' };
      const preflight = await fetch(`${url}/v1/events`, { method: 'OPTIONS', headers: asks });
      expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, asks.Origin]);
      expect((await fetch(`${url}/nothing`)).status).toBe(404);
    });

    itInChromium('a person signs in by a link, watches, looks up a call, comes back to it, signs out', async () => {
      const { board, url } = place();
      const [agent, callId] = [fresh('mara'), fresh('call')];
      const { id } = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
      const { body: link } = await board.admin<{ url: string }>('POST', `/v1/admin/tenants/${id}/sign-in-links`);
      browser ??= await startChromium();
      const person = await Person.visiting(browser, url);
      const page = await person.context.newPage();
      await page.goto(link.url);
      await page.getByRole('button', { name: 'Open Switchboard' }).click();
      await isLive(page);
      expect(page.url()).toBe(`${url}/live`);
      await board.ingest({ event: 'call.started', agent, callId }, message(agent, callId, 1));
      await waitFor(async () => (await rowsOf(page)).length === 1, 'the call');
      await page.locator('.live-row').click();
      await page.waitForURL(`${url}/live/${callId}`);
      await page.reload();
      await isLive(page);
      await page.locator('.nav-link', { hasText: 'Calls' }).click();
      await page.waitForURL(`${url}/calls`);
      await page.goto(`${url}/calls/${callId}`);
      await page.locator('.call-script .bubble').waitFor();
      const cookies = (await person.context.cookies()).map(({ name, path }) => [name, path]);
      expect(cookies).toEqual([['team.switchboard.switchboard_session', '/']]);
      await page.locator('.tool-button', { hasText: 'Sign out' }).click();
      await page.locator('.sign-in').waitFor();
      // The page lets go of the session before the server has.
      await waitFor(async () => (await person.context.cookies()).length === 0, 'a cookie that is gone');
      await person.leave();
    });

    itInChromium('an operator finds every page, a customer’s own included', async () => {
      const { board, url } = place();
      const { id } = await board.createTenant({ id: fresh('tenant') });
      browser ??= await startChromium();
      const person = await Person.of(browser, { url }, { token: board.adminToken });
      const page = await person.open('/');
      await page.waitForURL(`${url}/admin/live`);
      await page.goto(`${url}/admin/health`);
      await page.locator('.health-part').first().waitFor();
      await page.goto(`${url}/admin/view/${id}`);
      await page.locator('.view-gate a').click();
      await page.waitForURL(`${url}/admin/tenants`);
      // Past the proxy the page is at the root.
      await page.goto(`${board.url}/admin/tenants`);
      await page.locator('.row-link').first().waitFor();
      await person.leave();
    });
  });
});
