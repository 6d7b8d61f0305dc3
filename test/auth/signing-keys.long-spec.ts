import jwt from 'jsonwebtoken';
import { query } from '../support/database.js';
import { Switchboard } from '../support/switchboard.js';

let board: Switchboard;
beforeEach(async () => (board = await Switchboard.start()));
afterEach(() => board.stop());

interface Key {
  readonly kid: string;
  readonly createdAt: string;
  readonly signsFrom: string;
  readonly state: string;
  readonly tokens: number;
}
const keys = async () => (await board.admin<{ keys: Key[] }>('GET', '/v1/admin/signing-keys')).body.keys;
const rotate = async () => (await board.admin<Key>('POST', '/v1/admin/signing-keys')).body;
const kidOf = (token: string) => jwt.decode(token, { complete: true })?.header.kid;
/** As if that much time had passed for every key. */
const age = (minutes: number) =>
  query(board.databaseUrl, `UPDATE signing_keys SET created_at = created_at - make_interval(mins => $1)`, [minutes]);
const published = async () =>
  (await board.request<{ keys: Record<string, string>[] }>('GET', '/.well-known/jwks.json')).body.keys;

describe('a rotation of the signing keys', () => {
  it('publishes the new key before it signs, and the old one verifies on', async () => {
    const [first] = await keys();
    const old = await board.createTenant();
    const next = await rotate();
    expect(next).toMatchObject({ state: 'next', tokens: 0 });
    expect(new Date(next.signsFrom).getTime() - new Date(next.createdAt).getTime()).toBe(10_000);
    expect((await published()).map(({ kid }) => kid)).toEqual([next.kid, first?.kid]);
    expect(kidOf((await board.createTenant()).token)).toBe(first?.kid);
    await age(1);
    expect((await keys()).map(({ kid, state }) => [kid, state])).toEqual([
      [next.kid, 'signing'],
      [first?.kid, 'verifying'],
    ]);
    const fresh = await board.createTenant();
    expect(kidOf(fresh.token)).toBe(next.kid);
    for (const { token } of [old, fresh]) expect((await board.request('GET', '/v1/me', { token })).status).toBe(200);
    expect((await keys()).map(({ tokens }) => tokens)).toEqual([1, 3]); // The admin's own, too.
  });

  it('is known to another process at once, even to one that a stranger has just made look for keys', async () => {
    const other = await board.beside();
    const stranger = jwt.sign({}, 'x', { keyid: 'stranger' });
    expect((await other.request('GET', '/v1/me', { token: stranger })).status).toBe(401);
    const next = await rotate();
    await query(board.databaseUrl, `UPDATE signing_keys SET created_at = created_at - interval '1 minute'`);
    await keys(); // This process knows that time has passed.
    const { token } = await board.createTenant();
    expect(kidOf(token)).toBe(next.kid);
    expect((await other.request('GET', '/v1/me', { token })).status).toBe(200);
    await other.stop();
  });

  it('drops the old key when its last token is gone, and not before', async () => {
    const [first] = await keys();
    const old = await board.createTenant();
    await rotate();
    await age(10);
    await rotate();
    expect((await keys()).map(({ kid }) => kid)).toContain(first?.kid);
    await board.admin('DELETE', `/v1/admin/tokens/${old.tokenId}`);
    // The admin's own token still lives by it.
    await rotate();
    expect((await keys()).map(({ kid }) => kid)).toContain(first?.kid);
    const renewed = await board.admin<{ token: string }>('POST', '/v1/admin/tokens', {
      name: 'new',
      scopes: ['admin'],
    });
    await query(board.databaseUrl, 'UPDATE tokens SET revoked_at = now() WHERE kid = $1', [first?.kid]);
    const token = renewed.body.token;
    await board.request('POST', '/v1/admin/signing-keys', { token });
    const left = await board.request<{ keys: Key[] }>('GET', '/v1/admin/signing-keys', { token });
    expect(left.body.keys.map(({ kid }) => kid)).not.toContain(first?.kid);
    expect((await published()).map(({ kid }) => kid)).not.toContain(first?.kid);
    expect((await board.request('GET', '/v1/me', { token: old.token })).status).toBe(401);
  });

  it('never shows a private key, and is in the audit', async () => {
    const next = await rotate();
    const text = JSON.stringify([await keys(), next, await published()]);
    expect(text).not.toMatch(/"d"|PRIVATE/);
    expect((await published())[0]).toEqual({
      kty: 'EC',
      crv: 'P-256',
      alg: 'ES256',
      use: 'sig',
      kid: next.kid,
      x: expect.any(String),
      y: expect.any(String),
    });
    const { body } = await board.admin<{ audit: object[] }>('GET', '/v1/admin/audit');
    expect(body.audit[0]).toMatchObject({ action: 'signing-key.create', target: next.kid });
  });
});

describe('the scopes of a token', () => {
  it('can be taken away, and what lives by them ends within a second, on every process', async () => {
    const other = await board.beside();
    const { id } = await board.createTenant();
    const { token, tokenId } = await board.createToken(id, { scopes: ['events:read', 'agents:read'] });
    const { body } = await board.request<{ token: string }>('POST', '/v1/stream-tokens', { token, body: {} });
    const streams = await Promise.all([
      board.open('/events', { token }),
      other.open('/events', { token }),
      other.open(`/events?token=${body.token}`),
    ]);
    for (const stream of streams) await stream.untilType('log.caught_up');
    const patch = (scopes: string[]) => board.admin('PATCH', `/v1/admin/tokens/${tokenId}`, { scopes });
    expect((await patch(['events:read', 'tokens:write'])).status).toBe(400);
    expect((await patch(['agents:read'])).body).toMatchObject({ id: tokenId, scopes: ['agents:read'] });
    for (const stream of streams) {
      await stream.until(({ ended }) => ended, 'its end', 1000);
      expect(stream.of('stream.closing')[0]?.data['type']).toBe('/problems/insufficient-scope');
    }
    expect((await other.request('GET', '/v1/log', { token })).status).toBe(403);
    expect((await other.request('GET', '/v1/agents', { token })).status).toBe(200);
    expect((await board.request('GET', '/v1/events', { token: body.token })).status).toBe(403);
    await other.stop();
  });

  it('are missed by a stream within five seconds when nobody said that they were taken away', async () => {
    const { token, tokenId } = await board.createTenant();
    const stream = await board.open('/events', { token });
    await stream.untilType('log.caught_up');
    await query(board.databaseUrl, `UPDATE tokens SET scopes = '{agents:read}' WHERE id = $1`, [tokenId]);
    await stream.until(({ ended }) => ended, 'its end', 5000);
  });

  it('show when they were last used', async () => {
    const { id, token, tokenId } = await board.createTenant();
    const listed = async () => {
      const path = `/v1/admin/tenants/${id}/tokens`;
      const { body } = await board.admin<{ tokens: { id: string; lastUsedAt: string | null }[] }>('GET', path);
      return body.tokens.find((one) => one.id === tokenId)?.lastUsedAt;
    };
    expect(await listed()).toBeNull();
    await board.request('GET', '/v1/agents', { token });
    expect(Date.now() - new Date((await listed()) ?? 0).getTime()).toBeLessThan(5000);
  });
});
