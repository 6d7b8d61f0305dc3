import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

/** The cookie that a browser would send from now on. */
async function signIn(token: string): Promise<{ Cookie: string; attributes: string }> {
  const { status, headers } = await board.request('POST', '/v1/session', { token });
  expect(status).toBe(201);
  const [cookie = '', ...attributes] = (headers.get('set-cookie') ?? '').split('; ');
  return { Cookie: cookie, attributes: attributes.join('; ') };
}

const withCookie = (method: string, path: string, Cookie: string, headers: Record<string, string> = {}) =>
  board.request(method, path, { headers: { Cookie, ...headers } });

describe('a session', () => {
  it('is a cookie that scripts and other sites never have, and reads like the token it came from', async () => {
    const mara = fresh('mara');
    const { id, token } = await board.createTenant({ agents: [mara] });
    const { Cookie, attributes } = await signIn(token);
    expect(attributes).toMatch(/^Path=\/; Expires=.*; HttpOnly; SameSite=Strict$/);
    expect((await withCookie('GET', '/v1/me', Cookie)).body).toMatchObject({ tenant: id, agents: [mara] });
    expect((await withCookie('GET', '/v1/log', Cookie)).status).toBe(200);
    const stream = await board.open('/events', { headers: { Cookie: `theme=dark; ${Cookie}; lang=en` } });
    await stream.untilType('log.caught_up');
    await board.ingest(message(mara, fresh('c'), 1));
    await stream.untilType('user.message');
  });

  it('is Secure where pages come by https', async () => {
    const secure = await Switchboard.start({ PUBLIC_URL: 'https://switchboard.example' });
    const { headers } = await secure.request('POST', '/v1/session', { token: secure.adminToken });
    expect(headers.get('set-cookie')).toContain('; Secure');
    await secure.stop();
  });

  it('never writes: every path of the OpenAPI document but its own end refuses it, and a code’s takes no notice', async () => {
    const { Cookie } = await signIn(board.adminToken);
    expect((await withCookie('GET', '/v1/admin/tenants', Cookie)).status).toBe(200);
    const { body } = await board.request<{ paths: Record<string, Record<string, object>> }>('GET', '/openapi.json');
    let writes = 0;
    for (const [template, methods] of Object.entries(body.paths)) {
      for (const method of Object.keys(methods).map((name) => name.toUpperCase())) {
        if (method === 'GET' || (template === '/v1/session' && method === 'DELETE')) continue;
        if (template === '/v1/session/code') {
          const ignored = await board.request(method, template, { headers: { Cookie }, body: { code: 'wrong' } });
          expect([ignored.status, ignored.headers.get('set-cookie')]).toEqual([401, null]);
          continue;
        }
        writes += 1;
        const answer = await withCookie(method, template.replace(/\{\w+\}/g, 'x'), Cookie);
        expect([method, template, answer.status]).toEqual([method, template, 403]);
      }
    }
    expect(writes).toBeGreaterThan(12);
  });

  it('is for pages of our own: what another site asks for is refused', async () => {
    const { Cookie } = await signIn((await board.createTenant()).token);
    for (const [site, status] of [
      ['cross-site', 403],
      ['same-site', 403],
      ['same-origin', 200],
      ['none', 200],
    ] as const)
      expect([site, (await withCookie('GET', '/v1/me', Cookie, { 'Sec-Fetch-Site': site })).status]).toEqual([
        site,
        status,
      ]);
  });

  it('is no token, and a token is no session', async () => {
    const { token } = await board.createTenant();
    const { Cookie } = await signIn(token);
    const session = Cookie.slice(Cookie.indexOf('=') + 1);
    expect((await board.request('GET', '/v1/me', { token: session })).status).toBe(401);
    expect((await board.request('GET', `/v1/events?token=${session}`)).status).toBe(400);
    expect((await withCookie('GET', '/v1/me', `switchboard_session=${token}`)).status).toBe(401);
    const stream = await board.request<{ token: string }>('POST', '/v1/stream-tokens', { token, body: {} });
    expect((await board.request('POST', '/v1/session', { token: stream.body.token })).status).toBe(403);
    expect((await withCookie('GET', '/v1/events', `switchboard_session=${stream.body.token}`)).status).toBe(401);
  });

  it('counts only where no token comes with it', async () => {
    const [acme, globex] = [await board.createTenant(), await board.createTenant()];
    const { Cookie } = await signIn(acme.token);
    const { body } = await board.request('GET', '/v1/me', { token: globex.token, headers: { Cookie } });
    expect(body['tenant']).toBe(globex.id);
  });

  it('ends by itself alone: its streams close, other sessions and the token go on', async () => {
    const { token } = await board.createTenant();
    const [first, second] = [await signIn(token), await signIn(token)];
    const streams = await Promise.all(
      [first, second].map(({ Cookie }) => board.open('/events', { headers: { Cookie } })),
    );
    for (const stream of streams) await stream.untilType('log.caught_up');
    const answer = await withCookie('DELETE', '/v1/session', first.Cookie);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toMatch(/^switchboard_session=; .*Expires=Thu, 01 Jan 1970/);
    await streams[0]?.until(({ ended }) => ended, 'its end', 1000);
    expect((await withCookie('GET', '/v1/me', first.Cookie)).status).toBe(401);
    expect((await withCookie('GET', '/v1/me', second.Cookie)).status).toBe(200);
    expect((await board.request('GET', '/v1/me', { token })).status).toBe(200);
    expect(streams[1]?.ended).toBe(false);
  });

  it('ends with the token it came from, and never lives longer', async () => {
    const { id } = await board.createTenant();
    const short = await board.createToken(id, { scopes: ['events:read'], ttl: '5m' });
    const { body } = await board.request<{ expiresAt: string; scopes: string[] }>('POST', '/v1/session', short);
    expect(new Date(body.expiresAt).getTime() - Date.now()).toBeLessThanOrEqual(300_000);
    expect(body.scopes).toEqual(['events:read']);
    const { Cookie } = await signIn(short.token);
    expect((await withCookie('GET', '/v1/agents', Cookie)).status).toBe(403);
    const stream = await board.open('/events', { headers: { Cookie } });
    await stream.untilType('log.caught_up');
    await board.admin('DELETE', `/v1/admin/tokens/${short.tokenId}`);
    await stream.until(() => stream.ended, 'its end', 1000);
    expect((await withCookie('GET', '/v1/me', Cookie)).status).toBe(401);
  });
});
