/**
 * Issue 13 in small: while somebody does what they shouldn't, others have their events in order, open streams and lose
 * rights. All of it: scripts/reliability/hostile.mjs.
 */
import { execFileSync } from 'node:child_process';
import { Attackers, type Target } from '../support/attackers.js';
import { createDatabase } from '../support/database.js';
import { Installation, type ServerProcess } from '../support/server-process.js';
import { StreamReader } from '../support/stream-reader.js';
import { message, texts } from '../support/things.js';

const READERS = 5;
const EVENTS = 15;
const MAX_RESIDENT_MB = 1024;

let home: Installation;
let server: ServerProcess;
let database: Awaited<ReturnType<typeof createDatabase>>;
let attackers: Attackers;
beforeAll(async () => {
  database = await createDatabase();
  const variables = { DATABASE_URL: database.url, SOURCES: 'none', NODE_OPTIONS: '--max-old-space-size=512' };
  home = await Installation.create(variables);
  attackers = new Attackers();
  server = await home.start();
});
afterAll(async () => {
  attackers.stop();
  await home.remove();
  await database.drop();
});

const request = async <Body>(method: string, path: string, body?: object, token = home.read('admin-token')) => {
  const response = await fetch(`${home.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status} ${text}`);
  return (text === '' ? {} : JSON.parse(text)) as Body;
};

const createToken = (tenant: string) =>
  request<{ id: string; token: string }>('POST', `/v1/admin/tenants/${tenant}/tokens`, {
    name: 'test',
    scopes: ['events:read', 'events:write', 'agents:read', 'tokens:write'],
  });

async function createTenant(tenant: string): Promise<string> {
  await request('POST', '/v1/admin/tenants', { tenant, limits: { requestsPerSecond: 1000 } });
  await request('PUT', `/v1/admin/agents/${tenant}-agent/owner`, { tenant, from: null });
  return (await createToken(tenant)).token;
}

async function openStream(token: string): Promise<StreamReader> {
  const stream = await StreamReader.open(`${home.url}/v1/events`, { token });
  await stream.untilType('log.caught_up');
  return stream;
}

const residentMb = () =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(server.pid)], { encoding: 'utf8' })) / 1024;

it('costs only itself: another tenant’s events, streams and revocations go on, in one process of bounded memory', async () => {
  const good = await createTenant('good');
  const token = await createTenant('hostile');
  const target: Target = { port: home.port, token, agent: 'hostile-agent', othersAgent: 'good-agent' };
  const readers = await Promise.all(Array.from({ length: READERS }, () => openStream(good)));
  const wanted: string[] = [];
  for (const attack of await attackers.cheap()) {
    await attackers.begin(attack, target);
    for (let count = 0; count < EVENTS; count += 1) {
      const sent = message('good-agent', `call-${attack}`, `${attack} ${count}`);
      await request('POST', '/v1/ingest', sent, good);
      wanted.push(sent.text);
    }
    const revoked = await createToken('good');
    const stream = await openStream(revoked.token);
    await request('DELETE', `/v1/admin/tokens/${revoked.id}`);
    await stream.untilType('stream.closing');
    for (const reader of readers) await reader.until(({ events }) => events.length >= wanted.length, `all, ${attack}`);
    const done = await attackers.end();
    expect([attack, done]).toEqual([attack, expect.not.objectContaining({ 500: expect.anything() })]);
    expect(residentMb()).toBeLessThan(MAX_RESIDENT_MB);
  }
  for (const reader of readers) expect([reader.ended, texts(reader.events)]).toEqual([false, wanted]);
  expect(server.alive).toBe(true);
  const { calls } = await request<{ calls: unknown[] }>('GET', '/v1/calls?limit=1000', undefined, good);
  expect(calls).toHaveLength(new Set(wanted.map((text) => text.split(' ')[1])).size);
});
