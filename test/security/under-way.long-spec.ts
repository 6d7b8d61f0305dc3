/**
 * Security rule 24: what a tenant has under way is bounded, leaves with its clients, and takes nothing that ends
 * rights.
 */
import { jest } from '@jest/globals';
import { PrismaService } from '../../src/database/prisma.service.js';
import { MAX_UNDER_WAY } from '../../src/http/answers.js';
import { type Waiting, whileHeld } from '../support/hold-table.js';
import { Metrics } from '../support/metrics.js';
import { operationsOf } from '../support/operations.js';
import { RawClient } from '../support/raw-client.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '100000' })));
afterAll(() => board.stop());

const SCOPES = ['events:read', 'events:write', 'agents:read', 'tokens:write'];
const NEW_TOKEN = { name: 'one more', scopes: ['events:read'], ttl: '1h' };

const waitingIn = async (pool: string) => (await Metrics.of(board)).count('switchboard_database_waiting', { pool });

describe('a tenant’s requests', () => {
  it('are so many at a time, and one more is told to come back; others’ are served', async () => {
    const agent = fresh('sol');
    const [acme, globex] = [
      await board.createTenant({ scopes: SCOPES }),
      await board.createTenant({ agents: [agent], scopes: SCOPES }),
    ];
    const create = () => board.request('POST', '/v1/tokens', { token: acme.token, body: NEW_TOKEN });
    const asked: ReturnType<typeof create>[] = [];
    await whileHeld([board.databaseUrl, 'audit'], async (waiting) => {
      asked.push(...Array.from({ length: MAX_UNDER_WAY }, create));
      await waiting('INSERT INTO audit%');
      await waitFor(async () => (await waitingIn('manage')) === MAX_UNDER_WAY - 2, 'all to be under way');
      const more = await Promise.all(Array.from({ length: 20 }, create));
      expect(new Set(more.map(({ status }) => status))).toEqual(new Set([429]));
      expect(more[0]?.body).toMatchObject({ type: '/problems/rate-limited', detail: expect.stringContaining('100') });
      expect(more[0]?.headers.get('retry-after')).toBe('1');
      const other = (method: string, path: string, body?: object) =>
        board.request(method, path, { token: globex.token, body });
      expect((await other('GET', '/v1/agents')).status).toBe(200);
      expect((await other('POST', '/v1/ingest', message(agent, fresh('c'), 1))).status).toBe(200);
    });
    // A turn for which a request waits longer than 5 s is a 503: on a slow machine some wait so long.
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 201 && status !== 503)).toEqual([]);
    expect(statuses).toContain(201);
    expect((await create()).status).toBe(201);
  });

  it('open event streams are none of', async () => {
    const acme = await board.createTenant({ scopes: SCOPES });
    const streams = await Promise.all(
      Array.from({ length: MAX_UNDER_WAY + 5 }, () => board.open('/v1/events', { token: acme.token })),
    );
    for (const stream of streams) await stream.untilType('connected');
    expect((await board.request('GET', '/v1/agents', { token: acme.token })).status).toBe(200);
  });
});

describe('a client that has gone', () => {
  /** Of a tenant's two places in each pool, both are held, and so many requests wait behind them. */
  const MANY = 20;
  let acme: TestTenant;
  beforeAll(async () => {
    const agent = fresh('mara');
    acme = await board.createTenant({ agents: [agent], scopes: SCOPES });
    await board.ingest(message(agent, 'a-call', 1));
  });

  it.each<[string, string, string, string, string]>([
    ['GET', '/v1/log?types=zzz', 'log_events', 'replay', '%log_%'],
    ['GET', '/v1/log?call=a-call', 'call_tenants', 'replay', '%call_tenants%'],
    ['GET', '/v1/calls', 'calls', 'read', '%FROM calls%'],
    ['GET', '/v1/stats', 'calls', 'read', '%FROM calls%'],
    ['GET', '/v1/agents', 'agents', 'read', '%agents%'],
    ['GET', '/v1/audit', 'audit', 'read', '%audit%'],
    ['POST', '/v1/tokens', 'audit', 'manage', '%audit%'],
  ])('leaves its line: %s %s', async (method, path, table, pool, statement) => {
    const body = method === 'POST' ? JSON.stringify(NEW_TOKEN) : '';
    const headers = { Authorization: `Bearer ${acme.token}`, 'Content-Type': 'application/json' };
    const head = RawClient.head(method, path, body === '' ? headers : { ...headers, 'Content-Length': body.length });
    await leaves(
      [table, pool, statement],
      Array.from({ length: MANY }, () => head + body),
    );
  });

  it.each(['?since=2026-01-01T00:00:00Z', '?types=zzz&after=0'])('leaves its line: a stream of %s', async (query) => {
    const head = RawClient.head('GET', `/v1/events${query}`, { Authorization: `Bearer ${acme.token}` });
    await leaves(
      ['events', 'replay', '%'],
      Array.from({ length: MANY }, () => head),
    );
  });

  async function leaves([table, pool, statement]: [string, string, string], requests: readonly string[]) {
    await whileHeld([board.databaseUrl, table], async (waiting: Waiting) => {
      const clients = await Promise.all(requests.map(() => RawClient.open(board.url)));
      clients.forEach((client, index) => client.send(requests[index] ?? ''));
      await waiting(statement);
      await waitFor(async () => (await waitingIn(pool)) > 0, 'a line');
      for (const client of clients) client.reset();
      // Sooner than who stays is sent away.
      await waitFor(async () => (await waitingIn(pool)) === 0, 'the line to be empty', 4000);
    });
  }
});

describe('rights end, keys are read and owners change', () => {
  it('while everything that lists, searches and reads waits for the database', async () => {
    const agent = fresh('mara');
    const acme = await board.createTenant({ agents: [agent], scopes: SCOPES });
    const other = await board.createTenant({ scopes: SCOPES });
    const stream = await board.open('/v1/events', { token: acme.token });
    await stream.untilType('connected');
    const lists = ['/v1/admin/calls', '/v1/admin/audit', '/v1/admin/tenants', '/v1/admin/tokens', '/v1/admin/agents'];
    await whileHeld([board.databaseUrl, 'calls, unowned_agents'], async (waiting) => {
      const asked = Array.from({ length: 10 }, () => lists.map((path) => board.admin('GET', path))).flat();
      await waiting('%unowned_agents%');
      expect((await board.admin('DELETE', `/v1/admin/tokens/${acme.tokenId}`)).status).toBe(204);
      await stream.untilType('stream.closing');
      expect(
        (await board.admin('PUT', `/v1/admin/agents/${agent}/owner`, { tenant: other.id, from: acme.id })).status,
      ).toBe(200);
      expect((await board.admin('PATCH', `/v1/admin/tenants/${other.id}`, { status: 'suspended' })).status).toBe(200);
      expect((await board.request('GET', '/.well-known/jwks.json')).status).toBe(200);
      void Promise.all(asked);
    });
  });

  it('by connections that nothing takes which only looks: every GET is answered while all of them are held', async () => {
    const { id, token } = await board.createTenant({ scopes: SCOPES });
    const names = { tenant: id, agent: 'x', call: 'x', id: 'x' };
    const gets = (await operationsOf(board)).filter((one) => one.method === 'GET' && !one.isStream);
    const queries = { tenant: id, event: '1' };
    const prisma = board.app.get(PrismaService);
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const holders = Array.from({ length: prisma.use.max }, () => prisma.$transaction(() => held));
    await waitFor(() => prisma.use.busy === prisma.use.max, 'the connections to be held');
    const answers: [string, number][] = [];
    for (const one of gets) {
      const query = one.template.endsWith('/explain') ? queries : {};
      const { status } = await board.request('GET', one.path(names, query), {
        token: one.isAdmin ? board.adminToken : token,
      });
      answers.push([one.name, status]);
    }
    letGo();
    await Promise.all(holders);
    expect(answers.length).toBeGreaterThan(20);
    expect(answers.filter(([, status]) => status >= 500)).toEqual([]);
  });
});

describe('large answers', () => {
  it('of a tenant are made one by one', async () => {
    const { token } = await board.createTenant({ scopes: SCOPES });
    await whileHeld([board.databaseUrl, 'log_marked'], async (waiting) => {
      const asked = Array.from({ length: 3 }, () => board.request('GET', '/v1/log?types=zzz', { token }));
      await waiting('%log_stretch%');
      await waitFor(async () => (await waitingIn('replay')) === 2, 'two in line');
      void Promise.all(asked);
    });
  });

  it('that a tenant is given are so many bytes a second: then it waits, reads or not, and nobody else does', async () => {
    const agent = fresh('mara');
    const [acme, globex] = [
      await board.createTenant({ agents: [agent], scopes: SCOPES }),
      await board.createTenant({ scopes: SCOPES }),
    ];
    const event = (n: number) => ({ ...message(agent, agent, n), text: 'x'.repeat(60_000) });
    for (let n = 0; n < 80; n += 20) await board.ingest(...Array.from({ length: 20 }, (_, index) => event(n + index)));
    const read = ({ token }: TestTenant) => board.request('GET', '/v1/log?limit=1000', { token });
    const MEBIBYTE = 1024 * 1024;
    const answers: Awaited<ReturnType<typeof read>>[] = [];
    // The clock stands still: a machine of any speed is faster than the rate.
    const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    while (answers.length < 40 && answers.every(({ status }) => status === 200)) answers.push(await read(acme));
    clock.mockRestore();
    const bytes = answers.reduce((sum, { text }) => sum + text.length, 0);
    // Five seconds' worth at once, and one answer more.
    expect(bytes).toBeLessThan((5 * 8 + 5) * MEBIBYTE);
    expect(answers.at(-1)).toMatchObject({ status: 429, body: { type: '/problems/rate-limited' } });
    expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await read(globex)).status).toBe(200);
    await waitFor(async () => (await read(acme)).status === 200, 'its turn again');
  });
});
