import { TokenBuckets } from '../../src/common/token-bucket.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => {
  board = await Switchboard.start({
    LIMIT_STREAMS: '3',
    LIMIT_STREAMS_PER_TOKEN: '2',
    LIMIT_REQUESTS_PER_SECOND: '4',
    LIMIT_INGEST_PER_SECOND: '10',
  });
});
afterAll(() => board.stop());

const setLimits = (tenant: string, limits: object) => board.admin('PATCH', `/v1/admin/tenants/${tenant}`, { limits });

describe('streams', () => {
  it('beyond the token’s or the tenant’s number are refused so that an EventSource comes back, and others see a 429', async () => {
    const { id, token } = await board.createTenant();
    const other = await board.createToken(id);
    const open = async (by: string) => {
      const reader = await board.open('/v1/events', { token: by });
      await reader.until(() => reader.frames.length > 0);
      return reader;
    };
    const first = await open(token);
    await open(token);
    const third = await open(token);
    expect(third.status).toBe(200);
    await third.until(() => third.ended, 'its end');
    expect(third.raw).toMatch(/^retry: \d+\nevent: stream\.closing\n/);
    expect(third.frames[0]?.data).toMatchObject({
      type: '/problems/too-many-streams',
      detail: 'This token may have 2 streams open at once.',
    });
    const plain = await board.request('GET', '/v1/events', { token, headers: { Accept: 'application/json' } });
    expect([plain.status, plain.body['type']]).toEqual([429, '/problems/too-many-streams']);
    expect(Number(plain.headers.get('retry-after'))).toBeGreaterThan(0);
    await open(other.token);
    const fourth = await open(other.token);
    expect(fourth.frames[0]?.data['detail']).toBe('This tenant may have 3 streams open at once.');
    first.close();
    await waitFor(async () => (await open(token)).frames[0]?.type === 'connected', 'room for another');
  });

  it('of one tenant take nothing from another, and a tenant may be given more', async () => {
    const [acme, globex] = [await board.createTenant(), await board.createTenant()];
    await setLimits(acme.id, { streams: 5, streamsPerToken: 5 });
    const opened = await Promise.all(Array.from({ length: 8 }, () => board.open('/v1/events', { token: acme.token })));
    for (const reader of opened) await reader.until(() => reader.frames.length > 0);
    expect(opened.filter((reader) => reader.frames[0]?.type === 'connected')).toHaveLength(5);
    const theirs = await board.open('/v1/events', { token: globex.token });
    await theirs.untilType('connected');
  });

  it('of an admin are counted by token', async () => {
    const { body } = await board.admin<{ token: string }>('POST', '/v1/admin/tokens', { name: 'x', scopes: ['admin'] });
    const opened = await Promise.all(Array.from({ length: 3 }, () => board.open('/v1/admin/events', body)));
    for (const reader of opened) await reader.until(() => reader.frames.length > 0);
    expect(opened.map((reader) => reader.frames[0]?.type).sort()).toEqual(['connected', 'connected', 'stream.closing']);
  });
});

describe('requests', () => {
  const me = (token: string) => board.request('GET', '/v1/me', { token });
  const spend = async (token: string, count: number) =>
    (await Promise.all(Array.from({ length: count }, () => me(token)))).map(({ status }) => status);

  it('beyond the tenant’s rate are 429 with Retry-After, whatever tokens they come with, and others’ are not', async () => {
    const [acme, globex] = [await board.createTenant(), await board.createTenant()];
    const second = await board.createToken(acme.id);
    const startedAt = Date.now();
    const answers: Awaited<ReturnType<typeof me>>[] = [];
    while (answers.every(({ status }) => status === 200)) {
      answers.push(...(await Promise.all([acme, acme, second, second].map(({ token }) => me(token)))));
    }
    const taken = answers.filter(({ status }) => status === 200).length;
    expect(taken).toBeGreaterThanOrEqual(20); // Five seconds' worth at once.
    expect(taken).toBeLessThanOrEqual(20 + Math.ceil((Date.now() - startedAt) / 250));
    const refused = answers.find(({ status }) => status !== 200);
    expect([refused?.status, refused?.body['type']]).toEqual([429, '/problems/rate-limited']);
    expect(refused?.headers.get('retry-after')).toBe('1');
    expect(await spend(globex.token, 5)).toEqual([200, 200, 200, 200, 200]);
    await waitFor(async () => (await spend(acme.token, 1))[0] === 200, 'the bucket to fill');
    const stream = await board.open('/v1/events', { token: acme.token });
    await stream.untilType('connected');
  });

  it('of the platform’s own tokens are not counted', async () => {
    expect(new Set(await spend(board.adminToken, 60))).toEqual(new Set([200]));
  });

  it('of a tenant that was given more are more, at once', async () => {
    const { id, token } = await board.createTenant();
    await setLimits(id, { requestsPerSecond: 1000 });
    expect(new Set(await spend(token, 60))).toEqual(new Set([200]));
  });
});

describe('ingest', () => {
  it('of a tenant’s flood is refused whole and loses nothing, while another tenant’s goes through', async () => {
    const [mara, sol] = [fresh('mara'), fresh('sol')];
    const acme = await board.createTenant({ agents: [mara], scopes: ['events:write', 'events:read'] });
    const globex = await board.createTenant({ agents: [sol], scopes: ['events:write'] });
    const events = (agent: string, count: number) =>
      Array.from({ length: count }, (_, index) => message(agent, fresh('c'), index));
    const send = (token: string, body: object[]) => board.request('POST', '/v1/ingest', { token, body });
    const flood = await Promise.all(Array.from({ length: 10 }, () => send(acme.token, events(mara, 20))));
    const accepted = flood.filter(({ status }) => status === 200);
    const refused = flood.filter(({ status }) => status === 429);
    expect(accepted.length + refused.length).toBe(10);
    expect(accepted.length).toBeGreaterThanOrEqual(2);
    expect(accepted.length).toBeLessThanOrEqual(4);
    expect(refused[0]?.body).toMatchObject({ type: '/problems/rate-limited' });
    const log = await board.request<{ events: object[] }>('GET', '/v1/log', { token: acme.token });
    expect(log.body.events).toHaveLength(accepted.length * 20);
    expect((await send(globex.token, events(sol, 20))).status).toBe(200);
  });

  it('takes one request that is larger than the rate, and makes the next one wait for it', async () => {
    const mara = fresh('mara');
    const { token } = await board.createTenant({ agents: [mara], scopes: ['events:write'] });
    const body = Array.from({ length: 200 }, (_, index) => message(mara, fresh('c'), index));
    expect((await board.request('POST', '/v1/ingest', { token, body })).status).toBe(200);
    const next = await board.request('POST', '/v1/ingest', { token, body: body.slice(0, 1) });
    expect(next.status).toBe(429);
    expect(Number(next.headers.get('retry-after'))).toBeGreaterThan(10);
  });
});

describe('tokens', () => {
  it('of a tenant are as many as its limit, those revoked today included, also when they are made at once', async () => {
    const { id, token } = await board.createTenant({ scopes: ['tokens:write', 'events:read'] });
    await setLimits(id, { tokens: 3, requestsPerSecond: 1000 });
    const create = () =>
      board.request('POST', '/v1/tokens', { token, body: { name: 'x', scopes: ['events:read'], ttl: '1h' } });
    const answers = await Promise.all([create(), create(), create(), create()]);
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(2);
    expect(answers.find(({ status }) => status !== 201)?.body).toMatchObject({
      status: 409,
      type: '/problems/too-many-tokens',
    });
    const { status } = await board.request('DELETE', `/v1/tokens/${String(made[0]?.body['id'])}`, { token });
    expect(status).toBe(204);
    expect((await create()).status).toBe(409);
    await setLimits(id, { tokens: 4 });
    expect((await create()).status).toBe(201);
  });

  it('for streams are as many an hour as the tenant’s streams may need', async () => {
    const { id, token } = await board.createTenant();
    await setLimits(id, { streams: 1, requestsPerSecond: 1000 });
    const mint = () => board.request('POST', '/v1/stream-tokens', { token, body: {} });
    for (let made = 0; made < 20; made++) expect((await mint()).status).toBe(201);
    const refused = await mint();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
  });
});

describe('a token bucket', () => {
  it('fills by the second, holds five seconds’ worth, and is in debt after a large charge', () => {
    const buckets = new TokenBuckets();
    const charge = (cost: number, at: number) => buckets.charge('acme', cost, 10, at);
    expect(charge(50, 0)).toBe(0);
    expect(charge(1, 0)).toBe(100);
    expect(charge(1, 99)).toBe(1);
    expect(charge(1, 100)).toBe(0);
    expect(charge(10, 600_000)).toBe(0);
    expect(charge(40, 600_000)).toBe(0);
    expect(charge(1, 600_000)).toBe(100);
    expect(charge(500, 700_000)).toBe(0);
    expect(charge(1, 700_000)).toBe(45_100);
    expect(buckets.charge('globex', 50, 10, 700_000)).toBe(0);
    expect(buckets.charge('nothing', 1, 0, 0)).toBeGreaterThan(0);
  });
});
