/** Rolling a token: a new one in its place, and both work for a while. */
import pg from 'pg';
import { query } from '../support/database.js';
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

interface Rolled {
  readonly id: string;
  readonly token: string;
  readonly name: string;
  readonly tenant: string | null;
  readonly scopes: string[];
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly replaces: { readonly id: string; readonly worksUntil: string };
}

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const MANAGER = ['events:read', 'agents:read', 'tokens:write'];
const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

const roll = (token: string, id: string, body?: object) =>
  board.request<Rolled>('POST', `/v1/tokens/${id}/roll`, { token, ...(body === undefined ? {} : { body }) });
const rollAny = (id: string, body?: object) => board.admin<Rolled>('POST', `/v1/admin/tokens/${id}/roll`, body);
const statusOf = async (token: string) => (await board.request('GET', '/v1/me', { token })).status;
const secondsFromNow = (iso: string) => (Date.parse(iso) - Date.now()) / 1000;
const lifeOf = ({ createdAt, expiresAt }: { createdAt: string; expiresAt: string }) =>
  (Date.parse(expiresAt) - Date.parse(createdAt)) / 1000;

/** A tenant, a token of its that lives for 60 days and makes tokens, and a program's. */
async function tenantWithProgram(ttl = '30d', scopes = ['events:read']) {
  const { id, token, tokenId } = await board.createTenant({ scopes: MANAGER, ttl: '60d' });
  return { id, token, tokenId, program: await board.createToken(id, { scopes, ttl }) };
}

/** The clock goes on for one token: everything about it happened that much earlier. */
const age = (tokenId: string, interval: string) =>
  query(
    board.databaseUrl,
    `UPDATE tokens SET created_at = created_at - $2::interval, expires_at = expires_at - $2::interval,
       text_ends_at = text_ends_at - $2::interval WHERE id = $1`,
    [tokenId, interval],
  );

const WAITING = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

describe('a token that is rolled', () => {
  it('has a successor with its name, scopes and lifetime, and both work', async () => {
    const { id, token, program } = await tenantWithProgram('30d', ['events:read', 'agents:read']);
    await age(program.tokenId, '20 days');
    const { body } = await expectStatus(201, roll(token, program.tokenId));
    expect(body).toMatchObject({ tenant: id, name: 'test', scopes: ['events:read', 'agents:read'] });
    expect(body.id).not.toBe(program.tokenId);
    expect(Math.abs(lifeOf(body) - 30 * DAY_S)).toBeLessThan(5);
    expect(body.replaces.id).toBe(program.tokenId);
    expect(Math.abs(secondsFromNow(body.replaces.worksUntil) - DAY_S)).toBeLessThan(60);
    expect([await statusOf(program.token), await statusOf(body.token)]).toEqual([200, 200]);
    const me = await board.request<{ expiresAt: string }>('GET', '/v1/me', { token: program.token });
    expect(me.body.expiresAt).toBe(body.replaces.worksUntil);
  });

  it('ends when the overlap has passed, with what was minted from it, whatever its text says', async () => {
    const { token, program } = await tenantWithProgram();
    const stream = await board.request<{ token: string }>('POST', '/v1/stream-tokens', { token: program.token });
    const { body } = await expectStatus(201, roll(token, program.tokenId, { overlap: '1h' }));
    await age(program.tokenId, '1 hour');
    await waitFor(async () => (await statusOf(program.token)) === 401, 'the end of the old one');
    for (const [path, ended] of [['/v1/me', program.token] as const, ['/events', stream.body.token] as const])
      expect((await board.request('GET', path, { token: ended })).body).toMatchObject({
        type: '/problems/token-expired',
        status: 401,
      });
    expect(await statusOf(body.token)).toBe(200);
  });

  it('ends at once without an overlap, as a revoked one', async () => {
    const { token, program } = await tenantWithProgram();
    const { body } = await expectStatus(201, roll(token, program.tokenId, { overlap: '0s' }));
    expect((await board.request('GET', '/v1/me', { token: program.token })).body).toMatchObject({
      type: '/problems/token-revoked',
    });
    expect(secondsFromNow(body.replaces.worksUntil)).toBeLessThanOrEqual(0);
    expect(await statusOf(body.token)).toBe(200);
  });

  it('never lives longer than it was to', async () => {
    const { token, program } = await tenantWithProgram('1h');
    const { body } = await expectStatus(201, roll(token, program.tokenId, { overlap: '7d' }));
    expect(secondsFromNow(body.replaces.worksUntil)).toBeLessThanOrEqual(HOUR_S);
    await expectStatus(201, roll(token, program.tokenId, { overlap: '10m' }));
    const last = await expectStatus(201, roll(token, program.tokenId, { overlap: '30m' }));
    expect(secondsFromNow(last.body.replaces.worksUntil)).toBeLessThanOrEqual(600);
    // Each of them lives as long as the first one was to, not as long as it has left.
    expect(Math.abs(lifeOf(last.body) - HOUR_S)).toBeLessThan(5);
  });

  it('has lost for ever the scopes that were taken from it', async () => {
    const { token, program } = await tenantWithProgram('30d', ['events:read', 'agents:read']);
    await board.admin('PATCH', `/v1/admin/tokens/${program.tokenId}`, { scopes: ['agents:read'] });
    const { body } = await expectStatus(201, roll(token, program.tokenId));
    expect(body.scopes).toEqual(['agents:read']);
    expect((await board.request('GET', '/v1/log', { token: body.token })).status).toBe(403);
  });

  it('has none if it is revoked while it is being rolled, with an overlap or without', async () => {
    for (const overlap of ['0s', '1h']) {
      const { id, token, program } = await tenantWithProgram();
      const revoking = new pg.Client({ connectionString: board.databaseUrl });
      await revoking.connect();
      await revoking.query('BEGIN');
      await revoking.query('UPDATE tokens SET revoked_at = now() WHERE id = $1', [program.tokenId]);
      const rolling = roll(token, program.tokenId, { overlap });
      await waitFor(async () => (await query(board.databaseUrl, WAITING)).length > 0, 'the roll to wait');
      await revoking.query('COMMIT');
      await revoking.end();
      expect((await rolling).body).toMatchObject({ type: '/problems/validation', status: 400 });
      const { body } = await board.request<{ tokens: object[] }>('GET', '/v1/tokens', { token });
      expect([id, body.tokens.length]).toEqual([id, 2]);
    }
  });

  it('may roll itself, and the new one lives no longer than it', async () => {
    const { token, tokenId } = await tenantWithProgram();
    await age(tokenId, '10 days');
    const { body } = await expectStatus(201, roll(token, tokenId));
    expect(body.scopes).toEqual(MANAGER);
    expect(secondsFromNow(body.expiresAt)).toBeLessThanOrEqual(50 * DAY_S);
    expect([await statusOf(token), await statusOf(body.token)]).toEqual([200, 200]);
  });

  it('is rolled by an operator for its whole lifetime, a tenant’s and the platform’s', async () => {
    const { id, program } = await tenantWithProgram('366d');
    const { body } = await expectStatus(201, rollAny(program.tokenId));
    expect(body.tenant).toBe(id);
    expect(Math.abs(lifeOf(body) - 366 * DAY_S)).toBeLessThan(5);
    const make = { name: fresh('publisher'), scopes: ['events:write'], ttl: '2d' };
    const own = await expectStatus(201, board.admin<Rolled>('POST', '/v1/admin/tokens', make));
    const rolled = (await expectStatus(201, rollAny(own.body.id, { overlap: '0s' }))).body;
    expect(rolled).toMatchObject({ tenant: null, name: make.name, scopes: ['events:write'] });
    const list = await board.admin<{ tokens: { id: string; revokedAt: string | null }[] }>('GET', '/v1/admin/tokens');
    const revokedOf = (tokenId: string) => list.body.tokens.find((one) => one.id === tokenId)?.revokedAt;
    expect([revokedOf(own.body.id), revokedOf(rolled.id)]).toEqual([expect.any(String), null]);
  });
});

describe('rolling is refused', () => {
  it('without the scope, and for another tenant’s token as for one that never was', async () => {
    const { token, program } = await tenantWithProgram();
    const reader = await roll(program.token, program.tokenId);
    expect(reader.body).toMatchObject({ type: '/problems/insufficient-scope' });
    const other = await tenantWithProgram();
    for (const id of [other.program.tokenId, 'none'])
      expect((await roll(token, id)).body).toMatchObject({ type: '/problems/token-not-found', status: 404 });
    expect((await rollAny('none')).status).toBe(404);
    expect(await statusOf(other.program.token)).toBe(200);
  });

  it('of a token that may do more than the one that asks', async () => {
    const { id, token } = await tenantWithProgram();
    const wider = await board.createToken(id, { scopes: ['events:write'] });
    expect((await roll(token, wider.tokenId)).body).toMatchObject({ type: '/problems/insufficient-scope' });
    expect(await statusOf(wider.token)).toBe(200);
  });

  it('for an overlap of more than 7 days, or one that is none', async () => {
    const { token, program } = await tenantWithProgram();
    for (const body of [
      ...['8d', '169h', '-1h', '1', '', 'a day', '00s', null, 3600].map((overlap) => ({ overlap })),
      { ttl: '1d' },
    ])
      expect([body, (await roll(token, program.tokenId, body)).status]).toEqual([body, 400]);
    expect((await roll(token, program.tokenId, { overlap: '7d' })).status).toBe(201);
  });

  it('of a token that has ended, of a sign-in, a session, a stream token and a view', async () => {
    const { id, token, program } = await tenantWithProgram();
    await board.request('DELETE', `/v1/tokens/${program.tokenId}`, { token });
    expect((await roll(token, program.tokenId)).status).toBe(400);
    const { body: link } = await board.admin<{ url: string }>('POST', `/v1/admin/tenants/${id}/sign-in-links`, {});
    const code = link.url.slice(link.url.indexOf('#code=') + 6);
    await expectStatus(201, board.request('POST', '/v1/session/code', { body: { code } }));
    await board.request('POST', '/v1/stream-tokens', { token });
    await board.admin('POST', `/v1/admin/tenants/${id}/views`, {});
    const rows = await query<{ id: string; name: string; kind: string; viewed_by: string | null }>(
      board.databaseUrl,
      `SELECT id, name, kind, viewed_by FROM tokens WHERE tenant_id = $1 AND name <> 'test'`,
      [id],
    );
    expect(rows.map(({ name, kind }) => `${kind} ${name}`).sort()).toEqual([
      'api signed in by link',
      'api view',
      'session signed in by link',
      'stream stream',
    ]);
    for (const row of rows) {
      const expected = row.viewed_by === null ? 400 : 404;
      expect([row.kind, row.name, (await roll(token, row.id)).status]).toEqual([row.kind, row.name, expected]);
      expect((await rollAny(row.id)).status).toBe(400);
    }
  });

  it('beyond the number of tokens that a tenant may have', async () => {
    const { id, token, program } = await tenantWithProgram();
    await expectStatus(200, board.admin('PATCH', `/v1/admin/tenants/${id}`, { limits: { tokens: 2 } }));
    for (const refused of [await roll(token, program.tokenId, { overlap: '0s' }), await rollAny(program.tokenId)])
      expect(refused.body).toMatchObject({ type: '/problems/too-many-tokens', status: 409 });
    expect(await statusOf(program.token)).toBe(200);
  });
});

it('both books say which token was rolled, by whom, and what took its place', async () => {
  const { token, tokenId, program } = await tenantWithProgram();
  const { body } = await expectStatus(201, roll(token, program.tokenId));
  interface Book {
    readonly audit: { action: string; target: string; by: string; before: object | null; after: object }[];
  }
  const own = await board.request<Book>('GET', '/v1/audit', { token });
  const all = await board.admin<Book>('GET', '/v1/admin/audit');
  for (const { audit } of [own.body, all.body]) {
    expect(audit.find(({ target }) => target === body.id)).toMatchObject({
      action: 'token.create',
      by: tokenId,
      before: null,
      after: { scopes: ['events:read'] },
    });
    expect(audit.find(({ target, action }) => target === program.tokenId && action === 'token.roll')).toMatchObject({
      by: tokenId,
      before: { name: 'test' },
      after: { expiresAt: body.replaces.worksUntil, replacedBy: body.id },
    });
  }
  expect(own.text + all.text).not.toContain('eyJ');
});

it('a list says which tokens are people’s, and which one asks', async () => {
  const { id, token } = await tenantWithProgram();
  const { body: link } = await board.admin<{ url: string }>('POST', `/v1/admin/tenants/${id}/sign-in-links`, {});
  const code = link.url.slice(link.url.indexOf('#code=') + 6);
  const signed = await board.request<{ token: string }>('POST', '/v1/session/code', { body: { code } });
  const [Cookie = ''] = (signed.headers.get('set-cookie') ?? '').split('; ');
  type List = { tokens: { signIn: boolean; current: boolean }[] };
  const marks = async (how: { token: string } | { headers: { Cookie: string } }) =>
    (await board.request<List>('GET', '/v1/tokens', how)).body.tokens.map(({ signIn, current }) => [signIn, current]);
  // Newest first: the tab's, the program's, the one that manages.
  for (const how of [{ token: signed.body.token }, { headers: { Cookie } }])
    expect(await marks(how)).toEqual([[true, true], [false, false], [false, false]]); // prettier-ignore
  expect(await marks({ token })).toEqual([[true, false], [false, false], [false, true]]); // prettier-ignore
});
