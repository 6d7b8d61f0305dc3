import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { query } from '../support/database.js';
import { Switchboard } from '../support/switchboard.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start({ METRICS_TOKEN: 'a-token-for-metrics' })));
afterAll(() => board.stop());

const fresh = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;
const minted = (token: string, body: object = {}) =>
  board.request<{ token: string; url: string; expiresAt: string }>('POST', '/v1/stream-tokens', { token, body });

/** Our own key, to sign what we would never sign. */
async function forge(claims: object, options: jwt.SignOptions = {}): Promise<string> {
  const [key] = await query<{ kid: string; private_key: string }>(
    board.databaseUrl,
    'SELECT kid, private_key FROM signing_keys',
  );
  return jwt.sign(claims, createPrivateKey(key?.private_key ?? ''), {
    algorithm: 'ES256',
    keyid: key?.kid ?? '',
    ...options,
  });
}

describe('a token', () => {
  it('is asked for on every route of the OpenAPI document but the public ones, and a stream token opens no other', async () => {
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent] });
    const stream = (await minted(token)).body.token;
    const { body } = await board.request<{ paths: Record<string, Record<string, unknown>> }>('GET', '/openapi.json');
    const open = new Map([
      ...['/healthz', '/readyz', '/.well-known/jwks.json', '/v1/event-types', '/asyncapi.json'].map(
        (path) => [path, 200] as const,
      ),
      // It asks for a code in place of a token.
      ['/v1/session/code', 400] as const,
      // It asks for a link, from a page of ours only.
      ['/v1/session/link-requests', 403] as const,
    ]);
    let walked = 0;
    for (const [template, methods] of Object.entries(body.paths)) {
      const path = template.replace(/\{\w+\}/g, 'x');
      for (const method of Object.keys(methods)) {
        const answer = await board.request(method.toUpperCase(), path);
        if (open.has(template)) {
          expect([template, answer.status]).toEqual([template, open.get(template)]);
          continue;
        }
        walked += 1;
        expect([template, answer.status, answer.body['type']]).toEqual([template, 401, '/problems/token-missing']);
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer error="/);
        if (template.includes('events')) continue;
        const withStreamToken = await board.request(method.toUpperCase(), path, { token: stream });
        expect([template, withStreamToken.status]).toEqual([template, 403]);
      }
    }
    expect(walked).toBeGreaterThan(25);
  });

  it('of a tenant opens no admin route, and one without the scope opens nothing', async () => {
    const { token, id } = await board.createTenant();
    const agentsOnly = await board.createToken(id, { scopes: ['agents:read'] });
    const { body } = await board.request<{ paths: Record<string, Record<string, unknown>> }>('GET', '/openapi.json');
    for (const [template, methods] of Object.entries(body.paths).filter(
      ([path]) => path.startsWith('/v1/admin') || path === '/v1/ingest',
    )) {
      for (const method of Object.keys(methods)) {
        const answer = await board.request(method.toUpperCase(), template.replace(/\{\w+\}/g, 'x'), { token });
        expect([template, answer.status, answer.body['type']]).toEqual([template, 403, '/problems/insufficient-scope']);
      }
    }
    for (const path of ['/v1/events', '/events', '/v1/log', '/events/x', '/v1/calls/x/events']) {
      expect((await board.request('GET', path, { token: agentsOnly.token })).status).toBe(403);
    }
    expect((await board.request('GET', '/v1/events', { token: board.adminToken })).body).toMatchObject({
      type: '/problems/insufficient-scope',
    });
  });

  it('that is not ours, was changed, or says another algorithm is invalid', async () => {
    const { token, id, tokenId } = await board.createTenant();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const [key] = await query<{ kid: string; public_key: { kty: string } }>(
      board.databaseUrl,
      'SELECT kid, public_key FROM signing_keys',
    );
    const claims = { tenant: id, scope: 'events:read admin', jti: tokenId, iss: 'http://switchboard.test', aud: 'api' };
    const future = { expiresIn: 3600 } as const;
    const [header, , signature] = token.split('.');
    const widened = Buffer.from(JSON.stringify({ ...claims, exp: 4e9 })).toString('base64url');
    const bad: Record<string, string> = {
      'another key': jwt.sign(claims, privateKey, { algorithm: 'ES256', keyid: key?.kid ?? '', ...future }),
      'no key id': jwt.sign(claims, privateKey, { algorithm: 'ES256', ...future }),
      none: `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${widened}.`,
      'public key as HMAC secret': jwt.sign(claims, JSON.stringify(key?.public_key), {
        algorithm: 'HS256',
        keyid: key?.kid ?? '',
        ...future,
      }),
      'changed payload': `${header}.${widened}.${signature}`,
      'another issuer': await forge({ ...claims, iss: 'http://else.where' }, future),
      'another audience': await forge({ ...claims, aud: 'other' }, future),
      'no expiry': await forge(claims),
      'no jti': await forge({ ...claims, jti: undefined }, future),
      'a tenant of the wrong type': await forge({ ...claims, tenant: ['acme'] }, future),
      'scopes of the wrong type': await forge({ ...claims, scope: ['admin'] }, future),
      'an empty tenant': await forge({ ...claims, tenant: '' }, future),
      'a null tenant': await forge({ ...claims, tenant: null }, future),
      garbage: 'abc',
    };
    for (const [name, one] of Object.entries(bad)) {
      const answer = await board.request('GET', '/v1/log', { token: one });
      expect([name, answer.status, answer.body['type']]).toEqual([name, 401, '/problems/token-invalid']);
    }
    expect((await board.request('GET', '/v1/log', { token: await forge({ ...claims, exp: 1 }) })).body).toMatchObject({
      type: '/problems/token-expired',
    });
    // Signed by us, but the tenant of the token's row is another: never wider than what was granted.
    const other = await board.createTenant();
    expect(
      (await board.request('GET', '/v1/log', { token: await forge({ ...claims, tenant: other.id }, future) })).status,
    ).toBe(401);
    const widerThanGranted = await board.request('GET', '/v1/admin/tenants', { token: await forge(claims, future) });
    expect(widerThanGranted.status).toBe(403);
  });

  it('that is an API token is refused in a URL, a stream token is taken on streams only', async () => {
    const { token } = await board.createTenant({ agents: [fresh('mara')] });
    const { body } = await minted(token);
    expect(body.url).toBe(`http://switchboard.test/v1/events?token=${body.token}`);
    for (const path of ['/v1/events', '/events', '/v1/log', '/v1/me']) {
      expect((await board.request('GET', `${path}?token=${token}`)).body).toMatchObject({
        type: '/problems/token-in-url',
        status: 400,
      });
    }
    expect((await board.request('GET', `/v1/log?token=${body.token}`)).body).toMatchObject({
      type: '/problems/token-in-url',
    });
    expect((await board.request('GET', '/v1/events?token=abc')).body).toMatchObject({
      type: '/problems/token-invalid',
    });
    const reader = await board.open(`/v1/events?token=${body.token}`);
    await reader.untilType('connected');
    const byHeader = await board.open('/v1/events', { token: body.token });
    await byHeader.untilType('connected');
  });

  it('for a stream is narrowed, and the client can only narrow further', async () => {
    const [mara, lucia, one, two] = [fresh('mara'), fresh('lucia'), fresh('call'), fresh('call')];
    const { token } = await board.createTenant({ agents: [mara, lucia] });
    await board.ingest(
      { event: 'call.started', agent: mara, callId: one },
      { event: 'call.started', agent: lucia, callId: two },
      { event: 'user.message', agent: mara, callId: one, messageId: '1' },
    );
    const seen = async (narrowing: object, path: string) => {
      const stream = (await minted(token, narrowing)).body.token;
      const reader = await board.open(path, { token: stream });
      if (reader.status !== 200) return reader.status;
      await reader.untilType('log.caught_up');
      return reader.events.map(({ id }) => Number(id));
    };
    expect(await seen({ agents: [mara] }, '/events?after=0')).toEqual([1, 3]);
    expect(await seen({ agents: [mara] }, `/events?after=0&agents=${lucia}`)).toBe(404);
    expect(await seen({ agents: [mara] }, `/events/${lucia}`)).toBe(404);
    expect(await seen({ calls: [two] }, '/events?after=0')).toEqual([2]);
    expect(await seen({ calls: [two] }, `/v1/calls/${one}/events`)).toBe(404);
    expect(await seen({ types: ['call.*'] }, '/events?after=0')).toEqual([1, 2]);
    expect(await seen({ types: ['call.*'] }, '/events?after=0&types=user.*')).toEqual([]);
    expect(await seen({ types: ['call.*'] }, '/events?after=0&types=call.started')).toEqual([1, 2]);
    expect(await seen({ types: ['call.*'], agents: [mara] }, '/events?after=0')).toEqual([1]);
    expect((await minted(token, { agents: [] })).status).toBe(400);
    expect((await minted(token, { agents: ['ghost'] })).status).toBe(404);
    expect((await minted(token, { calls: ['ghost'] })).status).toBe(404);
    expect((await minted(token, { ttl: '2h' })).status).toBe(400);
    expect((await minted(token, { surprise: 1 })).status).toBe(400);
  });

  it('is never wider or longer-lived than the one it was minted from', async () => {
    const { id } = await board.createTenant();
    const parent = await board.createToken(id, { scopes: ['tokens:write', 'events:read'], ttl: '5m' });
    const wider = await board.request('POST', '/v1/tokens', {
      token: parent.token,
      body: { name: 'x', scopes: ['events:write'] },
    });
    expect(wider.body).toMatchObject({ type: '/problems/insufficient-scope' });
    const child = await board.request<{ expiresAt: string; id: string }>('POST', '/v1/tokens', {
      token: parent.token,
      body: { name: 'x', scopes: ['events:read'], ttl: '30d' },
    });
    expect(child.status).toBe(201);
    expect(Date.parse(child.body.expiresAt)).toBeLessThanOrEqual(Date.now() + 5 * 60_000);
    const stream = await minted(parent.token, { ttl: '1h' });
    expect(Date.parse(stream.body.expiresAt)).toBeLessThanOrEqual(Date.now() + 5 * 60_000);
    expect((await board.admin('POST', `/v1/admin/tenants/${id}/tokens`, { name: 'x', scopes: ['admin'] })).status).toBe(
      400,
    );
    const other = await board.createTenant({ scopes: ['tokens:write'] });
    expect((await board.request('DELETE', `/v1/tokens/${child.body.id}`, { token: other.token })).status).toBe(404);
    expect((await board.request('DELETE', `/v1/tokens/${child.body.id}`, { token: parent.token })).status).toBe(204);
    const list = await board.request<{ tokens: Record<string, unknown>[] }>('GET', '/v1/tokens', {
      token: parent.token,
    });
    expect(list.body.tokens.find((row) => row['id'] === child.body.id)).toMatchObject({
      revokedAt: expect.any(String),
    });
    expect(list.text).not.toContain('eyJ');
  });

  it('for metrics opens metrics and nothing else', async () => {
    const metrics = await board.request('GET', '/metrics', { token: 'a-token-for-metrics' });
    expect(metrics.text).toContain('switchboard_streams_open');
    expect((await board.request('GET', '/metrics', { token: board.adminToken })).status).toBe(200);
    expect((await board.request('GET', '/metrics')).status).toBe(401);
    expect((await board.request('GET', '/v1/admin/tenants', { token: 'a-token-for-metrics' })).status).toBe(401);
  });
});
