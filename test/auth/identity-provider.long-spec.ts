import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { readEnv } from '../../src/config/env.js';
import { query } from '../support/database.js';
import { Issuer } from '../support/issuer.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let issuer: Issuer;
let board: Switchboard;
let passedMs = 0;
const now = performance.now.bind(performance);
/** The monotonic clock goes on: keys may be asked for again. */
const pass = (ms: number) => (passedMs += ms);
beforeAll(async () => {
  jest.spyOn(performance, 'now').mockImplementation(() => now() + passedMs);
  issuer = await Issuer.start();
  board = await Switchboard.start(issuer.variables);
});
afterAll(async () => {
  await board.stop();
  await issuer.goAway();
  jest.restoreAllMocks();
});

/** Longer than the pause between two looks at a provider's keys. */
const COOLDOWN_MS = 5001;
const READ = { scope: 'openid events:read agents:read' };
const get = (path: string, token: string) => board.request('GET', path, { token });
const outcome = async (path: string, token: string) => {
  const { status, body } = await get(path, token);
  return [status, status === 200 ? undefined : String(body['type']).replace('/problems/', '')];
};

describe('a token of the operator’s identity provider', () => {
  it('reads its tenant’s events and nobody else’s', async () => {
    const [mara, sol] = [fresh('mara'), fresh('sol')];
    const acme = await board.createTenant({ agents: [mara] });
    await board.createTenant({ agents: [sol] });
    const token = issuer.token({ ...READ, tenant: acme.id });
    const reader = await board.open('/v1/events', { token });
    await reader.untilType('log.caught_up');
    await board.ingest(message(sol, fresh('c'), 1), message(mara, fresh('c'), 2));
    await reader.untilType('user.message');
    expect(reader.events.map(({ data }) => data['text'])).toEqual(['text 2']);
    expect((await get('/v1/me', token)).body).toMatchObject({
      tenant: acme.id,
      scopes: ['events:read', 'agents:read'],
    });
    expect((await get('/v1/log', token)).body['events']).toHaveLength(1);
    expect(await outcome(`/v1/log?agents=${sol}`, token)).toEqual([404, 'agent-not-found']);
    expect(await outcome('/v1/tokens', token)).toEqual([403, 'insufficient-scope']);
  });

  it('that asks for what we do not know (`crit`) is refused', async () => {
    const { id } = await board.createTenant();
    const token = (header: object) => issuer.token({ ...READ, tenant: id }, undefined, header);
    expect(await outcome('/v1/me', token({ b64x: true }))).toEqual([200, undefined]);
    expect(await outcome('/v1/me', token({ crit: ['b64x'], b64x: true }))).toEqual([401, 'token-invalid']);
  });

  it('may name its scopes in a list, and sign by ES256', async () => {
    const { id } = await board.createTenant();
    const key = issuer.rotate('ES256');
    pass(COOLDOWN_MS);
    const token = issuer.token({ tenant: id, scope: ['agents:read'] }, key);
    expect(await outcome('/v1/agents', token)).toEqual([200, undefined]);
  });

  it('without a tenant is the platform’s: an admin, or nobody', async () => {
    const admin = issuer.token({ scope: 'admin' });
    expect(await outcome('/v1/admin/tenants', admin)).toEqual([200, undefined]);
    expect(await outcome('/v1/log', admin)).toEqual([403, 'insufficient-scope']);
    const nobody = issuer.token(READ);
    expect(await outcome('/v1/log', nobody)).toEqual([403, 'insufficient-scope']);
    expect(await outcome('/v1/admin/tenants', nobody)).toEqual([403, 'insufficient-scope']);
  });

  it('with a tenant is no admin, whatever scopes it names', async () => {
    const { id } = await board.createTenant();
    const token = issuer.token({ tenant: id, scope: 'admin events:read' });
    expect(await outcome('/v1/admin/tenants', token)).toEqual([403, 'insufficient-scope']);
    expect(await outcome('/v1/admin/events', token)).toEqual([403, 'insufficient-scope']);
  });

  it('of a tenant that is unknown is refused, and of one that is suspended, too', async () => {
    const { id } = await board.createTenant();
    expect(await outcome('/v1/log', issuer.token({ ...READ, tenant: 'no-such-tenant' }))).toEqual([
      401,
      'token-revoked',
    ]);
    const token = issuer.token({ ...READ, tenant: id });
    const reader = await board.open('/v1/events', { token });
    await reader.untilType('log.caught_up');
    await board.admin('PATCH', `/v1/admin/tenants/${id}`, { status: 'suspended' });
    await reader.until(() => reader.ended, 'its end', 1000);
    expect(await outcome('/v1/log', token)).toEqual([403, 'tenant-suspended']);
  });

  it('that is not what it should be opens nothing', async () => {
    const { id } = await board.createTenant();
    const good = { ...READ, tenant: id };
    const own = await query<{ kid: string }>(board.databaseUrl, 'SELECT kid FROM signing_keys');
    const now = Math.floor(Date.now() / 1000);
    const payload = { ...good, iss: issuer.name, aud: issuer.audience, jti: randomUUID(), exp: now + 60 };
    const wrong: Record<string, [string, string?]> = {
      'another audience': [issuer.token({ ...good, aud: 'someone-else' })],
      'our own audience': [issuer.token({ ...good, aud: 'api' })],
      'another issuer': [issuer.token({ ...good, iss: 'https://evil.example/' })],
      'our issuer, by its key': [issuer.token({ ...good, iss: 'http://switchboard.test', aud: 'api' })],
      'our key id': [jwt.sign(payload, 'x', { algorithm: 'HS256', keyid: own[0]?.kid ?? '' })],
      expired: [issuer.token({ ...good, exp: now - 60 }), 'token-expired'],
      'without exp': [issuer.token({ ...good, exp: undefined })],
      'a jti of a wrong type': [issuer.token({ ...good, jti: 7 })],
      'issued later': [issuer.token({ ...good, iat: now + 60 })],
      'for nobody': [issuer.token({ ...good, aud: undefined })],
      'for another client': [issuer.token({ ...good, aud: undefined, client_id: 'someone-else' })],
      'for others, made for us': [issuer.token({ ...good, aud: ['someone-else'], azp: issuer.audience })],
      'without scope': [issuer.token({ tenant: id })],
      'a scope of a wrong type': [issuer.token({ tenant: id, scope: 7 })],
      'a list of scopes of a wrong type': [issuer.token({ tenant: id, scope: ['events:read', 7] })],
      'a tenant of a wrong type': [issuer.token({ ...READ, tenant: 7 })],
      'two tenants': [issuer.token({ ...READ, tenant: [id, 'another'] })],
      'a list of no tenant': [issuer.token({ ...READ, tenant: [] })],
      'a tenant that is null': [issuer.token({ ...READ, tenant: null })],
      'not before later': [issuer.token({ ...good, nbf: now + 600 })],
      'the public key as a secret': [jwt.sign(payload, issuer.publicText, { algorithm: 'HS256', keyid: 'x' })],
      unsigned: [jwt.sign(payload, null, { algorithm: 'none' })],
    };
    expect(await outcome('/v1/log', issuer.token(good))).toEqual([200, undefined]);
    for (const [what, [token, slug = 'token-invalid']] of Object.entries(wrong))
      expect([what, ...(await outcome('/v1/log', token))]).toEqual([what, 401, slug]);
    const ofAnother = { tenant: id, scope: ['api://someone-else/events:read', 'someone-else/events:read'] };
    expect(await outcome('/v1/log', issuer.token(ofAnother))).toEqual([403, 'insufficient-scope']);
  });

  it('may be ahead of our clock, or behind it, by half a minute', async () => {
    const { id } = await board.createTenant();
    const now = Math.floor(Date.now() / 1000);
    const status = async (times: object) =>
      (await outcome('/v1/log', issuer.token({ ...READ, tenant: id, ...times })))[0];
    expect(await status({ nbf: now + 20, iat: now + 20 })).toBe(200);
    expect(await status({ nbf: now - 3600, exp: now - 20 })).toBe(200);
    expect([await status({ nbf: now + 45 }), await status({ exp: now - 45 })]).toEqual([401, 401]);
  });

  it('never travels in a URL', async () => {
    const { id } = await board.createTenant();
    const token = issuer.token({ ...READ, tenant: id });
    const { status, body } = await board.request('GET', `/v1/events?token=${token}`);
    expect([status, body['type']]).toEqual([400, '/problems/token-in-url']);
  });

  it('mints stream tokens that live by the tenant, and starts sessions', async () => {
    const mara = fresh('mara');
    const { id } = await board.createTenant({ agents: [mara] });
    const token = issuer.token({ ...READ, tenant: id });
    const { body } = await board.request<{ token: string }>('POST', '/v1/stream-tokens', { token, body: {} });
    const reader = await board.open(`/v1/events?token=${body.token}`);
    await reader.untilType('log.caught_up');
    await board.ingest(message(mara, fresh('c'), 1));
    await reader.untilType('user.message');
    const session = await board.request('POST', '/v1/session', { token });
    expect(session.status).toBe(201);
    await board.admin('DELETE', `/v1/admin/tenants/${id}`);
    await reader.until(() => reader.ended, 'its end', 1000);
  });

  it('ends its stream when it expires', async () => {
    const { id } = await board.createTenant();
    const exp = Math.floor(Date.now() / 1000) + 2;
    const reader = await board.open('/v1/events', { token: issuer.token({ ...READ, tenant: id, exp }) });
    await reader.until(() => reader.ended, 'its end');
    expect(Math.abs(Date.now() / 1000 - exp)).toBeLessThan(2);
    expect(reader.of('token.expiring')).toHaveLength(1);
    expect(reader.of('stream.closing')[0]?.data['type']).toBe('/problems/token-expired');
  });
});

describe('the identity provider', () => {
  it('may call its claims what it likes', async () => {
    const other = await Switchboard.start({
      ...issuer.variables,
      AUTH_TENANT_CLAIM: 'https://operator.example/tenant',
      AUTH_SCOPE_CLAIM: 'permissions',
    });
    const { id } = await other.createTenant();
    const claims = { 'https://operator.example/tenant': id, permissions: ['agents:read'], scope: 'admin', tenant: 'x' };
    const { status, body } = await other.request('GET', '/v1/me', { token: issuer.token(claims) });
    expect([status, body['tenant'], body['scopes']]).toEqual([200, id, ['agents:read']]);
    await other.stop();
  });

  it('may be away: known keys go on, unknown ones wait for it, and it is not asked for every stranger', async () => {
    const own = await Issuer.start();
    await own.goAway();
    const other = await Switchboard.start(own.variables);
    const { id } = await other.createTenant();
    const status = async (token: string) =>
      (await other.request('GET', '/v1/log', { token, headers: { Accept: 'application/json' } })).status;
    const good = { ...READ, tenant: id };
    expect(await status(own.token(good))).toBe(503);
    await own.comeBack();
    pass(COOLDOWN_MS);
    expect(await status(own.token(good))).toBe(200);
    const { asked } = own;
    for (let stranger = 0; stranger < 10; stranger++)
      expect(await status(own.token(good, { ...own.rotate(), kid: `stranger-${stranger}` }))).toBe(401);
    expect(own.asked - asked).toBeLessThanOrEqual(1);
    const known = own.token(good);
    pass(COOLDOWN_MS);
    expect(await status(known)).toBe(200);
    await own.goAway();
    expect(await status(known)).toBe(200);
    const unknown = own.token(good, own.rotate());
    expect(await status(unknown)).toBe(401);
    pass(COOLDOWN_MS);
    expect(await status(unknown)).toBe(503);
    await own.comeBack();
    expect(await status(unknown)).toBe(503);
    pass(COOLDOWN_MS);
    expect(await status(unknown)).toBe(200);
    own.answer = { status: 500, body: 'oops' };
    expect(await status(known)).toBe(200);
    own.answer = { status: 200, body: '{"keys":"none"}' };
    expect(await status(known)).toBe(200);
    await other.stop();
    await own.goAway();
  });

  it.each([
    ['hangs', (own: Issuer) => (own.hangs = true)],
    ['fails', (own: Issuer) => (own.answer = { status: 500, body: 'oops' })],
  ])('that %s is asked by one at a time and seldom; nobody else waits, and who is known goes on', async (_, fail) => {
    const own = await Issuer.start();
    const other = await Switchboard.start(own.variables);
    const { id, token } = await other.createTenant();
    const good = { ...READ, tenant: id };
    const headers = { Accept: 'application/json' };
    const status = async (by: string) =>
      (await other.request('GET', '/v1/events?agents=x', { token: by, headers })).status;
    const known = own.token(good);
    expect(await status(known)).toBe(404);
    fail(own);
    pass(COOLDOWN_MS);
    const { asked } = own;
    const stranger = { ...own.rotate(), kid: 'stranger' };
    const strangers = Array.from({ length: 100 }, () => own.token(good, stranger));
    const waiting: Promise<number>[] = [];
    await waitFor(() => {
      waiting.push(status(own.token(good, stranger)).catch(() => 0)); // Some wait for the provider until we stop.
      return Promise.resolve(own.asked > asked);
    }, 'the provider to be asked');
    const answers = await Promise.all(strangers.map(status));
    expect(new Set(answers)).toEqual(new Set([503]));
    expect(own.asked - asked).toBe(1);
    expect(await status(own.token(good))).toBe(503);
    expect([await status(known), await status(token)]).toEqual([404, 404]);
    await other.stop();
    await own.goAway();
    await Promise.all(waiting);
  });

  it.each([
    ['half of it', { AUTH_ISSUER: 'https://a.example' }, /set all three, or none/],
    ['an address that is none', { ...urls(), AUTH_JWKS_URL: 'keys' }, /AUTH_JWKS_URL/],
  ])('is refused at the start when it is %s', (_, variables, words) => {
    expect(() => readEnv(variables)).toThrow(words);
  });
});

function urls(): Record<string, string> {
  return { AUTH_JWKS_URL: 'https://a.example/jwks', AUTH_ISSUER: 'https://a.example', AUTH_AUDIENCE: 'switchboard' };
}
