/** How long a session lives, and how it renews the token of its tabs. */
import { query } from '../support/database.js';
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { waitFor } from '../support/wait-for.js';

interface TabToken {
  readonly token: string;
  readonly expiresAt: string;
}

interface Person extends TabToken {
  readonly Cookie: string;
  readonly sessionId: string;
}

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;
const OWN_PAGE = { 'Sec-Fetch-Site': 'same-origin' };

const fromNow = (at: string | Date) => new Date(at).getTime() - Date.now();
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string; exp: number };

async function signIn(tenant: string, token = board.adminToken): Promise<Person> {
  const path = `/v1/admin/tenants/${tenant}/sign-in-links`;
  const { body: link } = await expectStatus(201, board.request<{ url: string }>('POST', path, { token }));
  const code = link.url.slice(link.url.indexOf('#code=') + 6);
  const answer = await expectStatus(201, board.request<TabToken>('POST', '/v1/session/code', { body: { code } }));
  const [Cookie = ''] = (answer.headers.get('set-cookie') ?? '').split('; ');
  return { ...answer.body, Cookie, sessionId: claimsOf(Cookie).jti };
}

const me = (Cookie: string) => board.request<{ expiresAt: string }>('GET', '/v1/me', { headers: { Cookie } });
const renew = (Cookie: string, headers: Record<string, string> = OWN_PAGE) =>
  board.request<TabToken>('POST', '/v1/session/token', { headers: { Cookie, ...headers } });

/** As it stands some time after its last use. */
async function age(sessionId: string, change: string) {
  await query(
    board.databaseUrl,
    `UPDATE tokens SET last_used_at = now() - interval '2 minutes', ${change} WHERE id = '${sessionId}'`,
  );
  // What was found out about its rights is known for a second.
  await board.admin('PATCH', `/v1/admin/tokens/${sessionId}`, { scopes: ['events:read', 'agents:read'] });
}

async function endOf(sessionId: string): Promise<Date> {
  const [row] = await query<{ expires_at: Date }>(
    board.databaseUrl,
    `SELECT expires_at FROM tokens WHERE id = '${sessionId}'`,
  );
  return row?.expires_at ?? new Date(0);
}

describe('a session', () => {
  it('lives while it is used, for 30 days at most, and ends after a week in which nobody does', async () => {
    const { id } = await board.createTenant();
    const { Cookie, sessionId, expiresAt } = await signIn(id);
    expect(fromNow(expiresAt) / DAY_MS).toBeCloseTo(30, 1);
    expect(claimsOf(Cookie).exp * 1000).toBeLessThanOrEqual(Date.now() + 30 * DAY_MS);
    expect(fromNow(await endOf(sessionId)) / DAY_MS).toBeCloseTo(7, 1);
    await age(sessionId, `expires_at = now() + interval '1 minute'`);
    expect(fromNow((await me(Cookie)).body.expiresAt) / DAY_MS).toBeCloseTo(7, 1);
    await waitFor(async () => fromNow(await endOf(sessionId)) > 6 * DAY_MS, 'the session’s new end');
    await age(sessionId, `expires_at = now() + interval '1 minute', text_ends_at = now() + interval '1 hour'`);
    expect(fromNow((await me(Cookie)).body.expiresAt)).toBeLessThanOrEqual(HOUR_MS);
    await age(sessionId, `expires_at = now() - interval '1 second', text_ends_at = now() + interval '10 days'`);
    expect((await me(Cookie)).body).toMatchObject({ type: '/problems/token-expired' });
    expect((await renew(Cookie)).body).toMatchObject({ type: '/problems/token-expired' });
    expect(fromNow(await endOf(sessionId))).toBeLessThan(0);
  });

  it('of a pasted token lives while it is used, and ends with that token', async () => {
    const { id } = await board.createTenant();
    const { token, tokenId } = await board.createToken(id, { scopes: ['events:read', 'agents:read'], ttl: '20d' });
    const answer = await expectStatus(201, board.request<TabToken>('POST', '/v1/session', { token }));
    const [Cookie = ''] = (answer.headers.get('set-cookie') ?? '').split('; ');
    expect(fromNow(answer.body.expiresAt) / DAY_MS).toBeCloseTo(20, 1);
    expect(fromNow(await endOf(claimsOf(Cookie).jti)) / DAY_MS).toBeCloseTo(7, 1);
    expect((await renew(Cookie)).body).toMatchObject({ type: '/problems/insufficient-scope' });
    await board.admin('POST', `/v1/admin/tokens/${tokenId}/roll`, { overlap: '1h' });
    expect(fromNow((await me(Cookie)).body.expiresAt)).toBeLessThanOrEqual(HOUR_MS);
    await board.admin('DELETE', `/v1/admin/tokens/${tokenId}`);
    expect((await me(Cookie)).body).toMatchObject({ type: '/problems/token-revoked' });
  });

  it('gives its tabs another token that writes, which is the same sign-in and ends with it', async () => {
    const { id } = await board.createTenant();
    const { Cookie, sessionId, token } = await signIn(id);
    const { body } = await expectStatus(201, renew(Cookie));
    expect(fromNow(body.expiresAt)).toBeLessThanOrEqual(HOUR_MS);
    expect(claimsOf(body.token).jti).toBe(claimsOf(token).jti);
    const list = (by: string) =>
      board.request<{ tokens: { name: string; id: string; expiresAt: string; revokedAt: string | null }[] }>(
        'GET',
        '/v1/tokens',
        { token: by },
      );
    const { tokens } = (await expectStatus(200, list(body.token))).body;
    expect(tokens.map(({ name }) => name)).toEqual(['signed in by link', 'test']);
    expect(tokens[0]?.expiresAt).toBe((await endOf(sessionId)).toISOString());
    // Programs get tokens that outlive the tab, as before.
    const made = { name: 'program', scopes: ['events:read'], ttl: '60d' };
    const program = await board.request<TabToken>('POST', '/v1/tokens', { token: body.token, body: made });
    expect(fromNow(program.body.expiresAt)).toBeGreaterThan(50 * DAY_MS);
    await board.request('DELETE', '/v1/session', { headers: { Cookie } });
    for (const one of [token, body.token])
      expect((await list(one)).body).toMatchObject({ type: '/problems/token-revoked' });
    expect((await renew(Cookie)).body).toMatchObject({ type: '/problems/token-revoked' });
    const { body: all } = await board.admin<{ tokens: { id: string; revokedAt: string | null }[] }>(
      'GET',
      `/v1/admin/tenants/${id}/tokens`,
    );
    expect(all.tokens.find((one) => one.id === claimsOf(token).jti)?.revokedAt).not.toBeNull();
  });

  it('gives a token to a page of this origin only', async () => {
    const { Cookie } = await signIn((await board.createTenant()).id);
    const host = new URL(board.url).host;
    for (const [headers, status] of [
      [{}, 403],
      [{ 'Sec-Fetch-Site': 'cross-site', Origin: 'http://switchboard.test' }, 403],
      [{ 'Sec-Fetch-Site': 'none' }, 403],
      [{ Origin: 'http://evil.example' }, 403],
      [{ Origin: 'null' }, 403],
      [{ Origin: 'http://switchboard.test' }, 201],
      [{ Origin: `http://${host}` }, 201],
      [OWN_PAGE, 201],
    ] as const)
      expect([headers, (await renew(Cookie, headers)).status]).toEqual([headers, status]);
  });

  it('gives no token while its tenant is suspended, or once the token that vouched is gone', async () => {
    const { id } = await board.createTenant();
    const named = { name: 'of a person', scopes: ['admin'], ttl: '1d' };
    const { body: admin } = await board.admin<{ id: string; token: string }>('POST', '/v1/admin/tokens', named);
    const { Cookie, expiresAt } = await signIn(id, admin.token);
    expect(fromNow(expiresAt)).toBeLessThanOrEqual(DAY_MS);
    await board.admin('PATCH', `/v1/admin/tenants/${id}`, { status: 'suspended' });
    expect((await renew(Cookie)).body).toMatchObject({ type: '/problems/tenant-suspended' });
    await board.admin('PATCH', `/v1/admin/tenants/${id}`, { status: 'active' });
    await expectStatus(201, renew(Cookie));
    await board.admin('DELETE', `/v1/admin/tokens/${admin.id}`);
    expect((await renew(Cookie)).body).toMatchObject({ type: '/problems/token-revoked' });
  });

  it('is made so often an hour', async () => {
    const { id, token } = await board.createTenant();
    await board.admin('PATCH', `/v1/admin/tenants/${id}`, { limits: { streams: 1, requestsPerSecond: 1000 } });
    const answers = await Promise.all(
      Array.from({ length: 21 }, () => board.request('POST', '/v1/session', { token })),
    );
    const more = await board.request('POST', '/v1/session', { token });
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(20);
    expect(more.body).toMatchObject({ type: '/problems/rate-limited' });
  });
});
