import { query } from '../support/database.js';
import { type Answer, Switchboard, expectStatus } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

interface SignedIn {
  readonly tenant: string | null;
  readonly scopes: string[];
  readonly expiresAt: string;
  readonly token: string;
}

interface Person extends SignedIn {
  /** What the browser sends from now on. */
  readonly Cookie: string;
}

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const HOUR_MS = 3600_000;
const linksOf = (tenant: string | null) => `/v1/admin/${tenant === null ? '' : `tenants/${tenant}/`}sign-in-links`;
const fromNow = (iso: string) => new Date(iso).getTime() - Date.now();
const codeOf = (url: string) => url.slice(url.indexOf('#code=') + 6);

async function linkFor(tenant: string | null, body?: object, token = board.adminToken): Promise<string> {
  const made = board.request<{ url: string }>('POST', linksOf(tenant), { token, body });
  return codeOf((await expectStatus(201, made)).body.url);
}

const use = (code: unknown, headers: Record<string, string> = {}, at = board) =>
  at.request<SignedIn>('POST', '/v1/session/code', { body: { code }, headers });

async function signIn(tenant: string | null, body?: object, token?: string): Promise<Person> {
  const answer = await expectStatus(201, use(await linkFor(tenant, body, token)));
  const [Cookie = ''] = (answer.headers.get('set-cookie') ?? '').split('; ');
  return { ...answer.body, Cookie };
}

const withCookie = (Cookie: string, path = '/v1/me', method = 'GET') =>
  board.request(method, path, { headers: { Cookie } });

async function adminToken(ttl = '1d'): Promise<{ id: string; token: string }> {
  const body = { name: 'of a person', scopes: ['admin'], ttl };
  return (await expectStatus(201, board.admin<{ id: string; token: string }>('POST', '/v1/admin/tokens', body))).body;
}

/** A stream by cookie, one by a stream token that the tab's token made. */
async function streamsOf({ Cookie, token }: Person) {
  const minted = await expectStatus(201, board.request<{ token: string }>('POST', '/v1/stream-tokens', { token }));
  const streams = [
    await board.open('/events', { headers: { Cookie } }),
    await board.open(`/events?token=${minted.body.token}`),
  ];
  for (const stream of streams) await stream.untilType('log.caught_up');
  return streams;
}

async function expectSignedOut({ Cookie, token }: Person, streams: Awaited<ReturnType<typeof streamsOf>>) {
  for (const stream of streams) await stream.until(({ ended }) => ended, 'its end', 1000);
  expect((await withCookie(Cookie)).body['type']).toBe('/problems/token-revoked');
  expect((await board.request('GET', '/v1/me', { token })).body['type']).toBe('/problems/token-revoked');
}

const tries = (at: Switchboard, forwardedFor: (turn: number) => string, count = 120) =>
  Promise.all(Array.from({ length: count }, (_, turn) => use('wrong', { 'X-Forwarded-For': forwardedFor(turn) }, at)));

const without = ({ body }: Answer<object>) => ({ ...body, instance: undefined });

describe('a link', () => {
  it('signs a person in: a cookie that reads, a token for the tab that writes, an hour at most', async () => {
    const mara = fresh('mara');
    const { id } = await board.createTenant({ agents: [mara] });
    const made = await board.admin<{ url: string; expiresAt: string }>('POST', linksOf(id));
    expect(made.status).toBe(201);
    expect(made.body.url).toMatch(/^http:\/\/switchboard\.test\/#code=[\w-]{43}$/);
    expect(fromNow(made.body.expiresAt)).toBeLessThanOrEqual(HOUR_MS / 4);
    const answer = await use(codeOf(made.body.url), { 'Sec-Fetch-Site': 'same-origin' });
    const [Cookie = '', ...attributes] = (answer.headers.get('set-cookie') ?? '').split('; ');
    expect(attributes.join('; ')).toMatch(/^Path=\/; Expires=.*; HttpOnly; SameSite=Strict$/);
    const scopes = [
      'events:read',
      'agents:read',
      'tokens:write',
      'webhooks:write',
      'rules:write',
      'recordings:read',
      'calls:steer',
    ];
    expect(answer.body).toMatchObject({ tenant: id, scopes });
    expect(fromNow(answer.body.expiresAt)).toBeGreaterThan(11 * HOUR_MS);
    expect((await withCookie(Cookie)).body).toMatchObject({ tenant: id, agents: [mara], scopes });
    expect((await withCookie(Cookie, '/v1/tokens', 'POST')).status).toBe(403);
    const { token } = answer.body;
    const me = await board.request<{ expiresAt: string }>('GET', '/v1/me', { token });
    expect(fromNow(me.body.expiresAt)).toBeLessThanOrEqual(HOUR_MS);
    const { body } = await board.request<{ tokens: { name: string }[] }>('GET', '/v1/tokens', { token });
    expect(body.tokens.map(({ name }) => name)).toEqual(['signed in by link', 'test']);
    expect((await board.request('GET', `/events?token=${token}`)).status).toBe(400);
  });

  it('for the platform signs an operator in', async () => {
    const { tenant, scopes, Cookie, token } = await signIn(null);
    expect({ tenant, scopes }).toEqual({ tenant: null, scopes: ['admin'] });
    expect((await withCookie(Cookie, '/v1/admin/tenants')).status).toBe(200);
    expect((await board.request('POST', '/v1/admin/tenants', { token, body: { tenant: fresh('t') } })).status).toBe(
      201,
    );
  });

  it('works once: of many who open it at once exactly one is in', async () => {
    const code = await linkFor((await board.createTenant()).id);
    const answers = await Promise.all(Array.from({ length: 6 }, () => use(code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 401, 401, 401, 401, 401]);
  });

  it('that is wrong, used or expired is refused alike', async () => {
    const { id } = await board.createTenant();
    const [used, expired] = [await linkFor(id), await linkFor(id, { ttl: '1m' })];
    await expectStatus(201, use(used));
    await query(board.databaseUrl, `UPDATE sign_in_codes SET expires_at = now() WHERE used_at IS NULL`);
    const answers = await Promise.all([use('x'.repeat(43)), use('x'), use(used), use(expired)]);
    for (const answer of answers) {
      expect([answer.status, without(answer)]).toEqual([401, without(answers[0])]);
      expect(answer.body).toMatchObject({ type: '/problems/token-invalid' });
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
    for (const code of [undefined, '', 7, 'x'.repeat(201)]) expect((await use(code)).status).toBe(400);
  });

  it('is kept as a hash, and is in both books when it is made and when it is used', async () => {
    const { id } = await board.createTenant();
    const code = await linkFor(id, { scopes: ['events:read', 'tokens:write'] });
    const { body } = await expectStatus(201, use(code));
    const kept = JSON.stringify(
      await query(
        board.databaseUrl,
        `SELECT to_jsonb(c) AS c, (SELECT jsonb_agg(a) FROM audit a) FROM sign_in_codes c`,
      ),
    );
    expect(kept).not.toContain(code);
    expect(kept).not.toContain(body.token);
    const operators = await board.admin<{ audit: object[] }>('GET', `/v1/admin/audit?tenant=${id}&limit=2`);
    expect(operators.body.audit).toMatchObject([
      { action: 'sign-in.use', by: expect.stringMatching(/^link /), after: { scopes: body.scopes } },
      { action: 'sign-in.link', after: { scopes: body.scopes } },
    ]);
    const own = await board.request<{ audit: object[] }>('GET', '/v1/audit?limit=2', { token: body.token });
    expect(own.body.audit).toMatchObject([
      { action: 'sign-in.use', by: expect.stringMatching(/^link /) },
      { action: 'sign-in.link', by: 'operator' },
    ]);
  });

  it('of a suspended tenant waits until it is active again; of a deleted one it is gone', async () => {
    const { id } = await board.createTenant();
    const [code, other] = [await linkFor(id), await linkFor(id)];
    await board.admin('PATCH', `/v1/admin/tenants/${id}`, { status: 'suspended' });
    expect((await use(code)).body).toMatchObject({ type: '/problems/tenant-suspended' });
    await board.admin('PATCH', `/v1/admin/tenants/${id}`, { status: 'active' });
    expect((await use(code)).status).toBe(201);
    await board.admin('DELETE', `/v1/admin/tenants/${id}`);
    expect((await use(other)).status).toBe(401);
  });

  it('is for pages of our own, and is made for a tenant that is there, with what a tenant may do', async () => {
    const { id } = await board.createTenant();
    const code = await linkFor(id);
    expect((await use(code, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await use(code)).status).toBe(201);
    for (const body of [{ scopes: ['admin'] }, { scopes: [] }, { ttl: '25h' }, { ttl: 0 }, { name: 'x' }])
      expect([body, (await board.admin('POST', linksOf(id), body)).status]).toEqual([body, 400]);
    expect((await board.admin('POST', linksOf(null), { scopes: ['events:read'] })).status).toBe(400);
    expect((await board.admin('POST', linksOf(fresh('nobody')))).body['type']).toBe('/problems/tenant-not-found');
  });

  it('is tried so often a second from one address, whatever the client says of where it is', async () => {
    const beside = await board.beside();
    const answers = await tries(beside, (turn) => `203.0.113.${turn}`);
    await beside.stop();
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(0);
    expect(answers.length - limited.length).toBeGreaterThanOrEqual(25);
    expect(limited[0]?.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('is tried so often a second from each address that a trusted proxy names, whatever the client has said before it', async () => {
    for (const [TRUST_PROXY, near] of [
      ['1', ''],
      ['10.0.0.0/8, loopback', ', 10.1.2.3'],
    ] as const) {
      const behind = await board.beside({ TRUST_PROXY });
      const answers = await tries(behind, (turn) => `198.51.100.${turn}, 203.0.113.1${near}`);
      expect(answers.some(({ status }) => status === 429)).toBe(true);
      expect((await tries(behind, () => `203.0.113.2${near}`, 10)).map(({ status }) => status)).toEqual(
        Array(10).fill(401),
      );
      // What is no address cannot come from a proxy: the connection's own counts.
      expect((await tries(behind, (turn) => `somebody-${turn}`)).some(({ status }) => status === 429)).toBe(true);
      await behind.stop();
    }
  });
});

describe('who has signed in by a link', () => {
  it('signs out of everything that came of it, and of nothing else', async () => {
    const { id } = await board.createTenant();
    const [first, second] = [await signIn(id), await signIn(id)];
    const [streams, others] = [await streamsOf(first), await streamsOf(second)];
    expect((await withCookie(first.Cookie, '/v1/session', 'DELETE')).status).toBe(204);
    await expectSignedOut(first, streams);
    expect((await withCookie(second.Cookie)).status).toBe(200);
    expect(others.map(({ ended }) => ended)).toEqual([false, false]);
  });

  it('is signed out when the tab’s token is revoked', async () => {
    const { id } = await board.createTenant();
    const [first, second] = [await signIn(id), await signIn(id)];
    const streams = await streamsOf(first);
    const { body } = await board.request<{ tokens: { id: string }[] }>('GET', '/v1/tokens', { token: second.token });
    const tokenId = body.tokens[1]?.id ?? '';
    expect((await board.request('DELETE', `/v1/tokens/${tokenId}`, { token: second.token })).status).toBe(204);
    await expectSignedOut(first, streams);
    expect((await withCookie(second.Cookie)).status).toBe(200);
  });

  it('is signed out when the token is revoked on whose word the link was made, and links that wait are void', async () => {
    const { id } = await board.createTenant();
    const admin = await adminToken();
    const person = await signIn(id, {}, admin.token);
    const streams = await streamsOf(person);
    const waiting = await linkFor(id, {}, admin.token);
    await board.admin('DELETE', `/v1/admin/tokens/${admin.id}`);
    await expectSignedOut(person, streams);
    expect((await use(waiting)).body).toMatchObject({ type: '/problems/token-invalid' });
  });

  it('may make links as an operator, which stay when the operator signs out', async () => {
    const { id } = await board.createTenant();
    const admin = await adminToken();
    const operator = await signIn(null, {}, admin.token);
    const waiting = await linkFor(id, { ttl: '24h' }, operator.token);
    const person = await signIn(id, {}, operator.token);
    await withCookie(operator.Cookie, '/v1/session', 'DELETE');
    expect((await withCookie(operator.Cookie)).status).toBe(401);
    expect((await withCookie(person.Cookie)).status).toBe(200);
    expect((await use(waiting)).status).toBe(201);
    await board.admin('DELETE', `/v1/admin/tokens/${admin.id}`);
    expect((await withCookie(person.Cookie)).status).toBe(401);
  });

  it('is never signed in for longer than the token lives on whose word the link was made', async () => {
    const { id } = await board.createTenant();
    const { token } = await adminToken('30m');
    const made = board.request<{ expiresAt: string }>('POST', linksOf(id), { token, body: { ttl: '24h' } });
    expect(fromNow((await expectStatus(201, made)).body.expiresAt)).toBeLessThanOrEqual(HOUR_MS / 2);
    const person = await signIn(id, {}, token);
    expect(fromNow(person.expiresAt)).toBeLessThanOrEqual(HOUR_MS / 2);
  });

  it('makes tokens for programs that outlive the tab, within its scopes and the life of who vouched', async () => {
    const { id } = await board.createTenant();
    const { token } = await signIn(id, {}, (await adminToken('20d')).token);
    const make = (scopes: string[], ttl: string) =>
      board.request<{ expiresAt: string }>('POST', '/v1/tokens', { token, body: { name: 'program', scopes, ttl } });
    const days = async (ttl: string) =>
      Math.round(fromNow((await make(['events:read'], ttl)).body.expiresAt) / 86_400_000);
    expect([await days('5d'), await days('90d')]).toEqual([5, 20]);
    expect((await make(['events:write'], '1d')).status).toBe(403);
  });
});
