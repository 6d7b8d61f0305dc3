import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createDatabase } from '../support/database.js';
import { Installation, type ServerProcess } from '../support/server-process.js';
import { StreamReader } from '../support/stream-reader.js';
import { message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let database: { url: string; drop(): Promise<void> };
let home: Installation;
let server: ServerProcess;
beforeAll(async () => {
  database = await createDatabase();
  home = await Installation.create({ DATABASE_URL: database.url, WORKERS: '2', SOURCES: 'none' });
  server = await home.start();
});
afterAll(async () => {
  await home.remove();
  await database.drop();
});

/** Process ids of the workers that run. */
async function workers(): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid=,args=']);
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/, 3));
  return rows
    .filter(([, parent, command]) => Number(parent) === server.pid && command?.includes('node'))
    .map(([id]) => Number(id));
}

/** By a connection of its own, so that the next worker in turn answers. */
async function ask(method: string, path: string, body?: object): Promise<string> {
  const headers = { Authorization: `Bearer ${home.read('admin-token')}`, Connection: 'close' };
  const asked = body && { body: JSON.stringify(body), headers: { ...headers, 'Content-Type': 'application/json' } };
  const answer = await fetch(`${home.url}${path}`, { method, headers, ...asked });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return text;
}

/** Again until it is answered, as clients do: a connection ends with the worker that has it. */
async function retrying<T extends object | string>(work: () => Promise<T>): Promise<T> {
  const cut = (error: Error) => {
    if (error.name !== 'TypeError' && !('code' in error)) throw error; // As fetch says it, and as node:http does.
    return undefined;
  };
  return waitFor(() => work().catch(cut), 'an answer', 20_000);
}

/** Open streams of customers, worker by worker; whichever is asked says so of all. */
async function streams(): Promise<number[]> {
  const text = await ask('GET', '/metrics');
  const open = [...text.matchAll(/^switchboard_streams_open\{(?=.*class="customer").*worker="\d+".*\} (\d+)$/gm)];
  return open.map(([, count]) => Number(count));
}

/** A new worker listens later than it runs: both do when each has a stream. */
async function bothServe(token: string): Promise<void> {
  const probes: StreamReader[] = [];
  await waitFor(
    async () => {
      // Two at a time: the workers take turns, and the question is a connection, too.
      for (const _ of ['one', 'other'])
        probes.push(await retrying(() => StreamReader.open(`${home.url}/events`, { token })));
      return (await streams()).filter((count) => count > 0).length === 2;
    },
    'both workers to serve',
    30_000,
  );
  for (const probe of probes) probe.close();
}

it('share the streams and their events; one that is killed comes back, and its readers lose nothing', async () => {
  await ask('POST', '/v1/admin/tenants', { tenant: 'acme' });
  await ask('PUT', '/v1/admin/agents/mara/owner', { tenant: 'acme', from: null });
  const granted = await ask('POST', '/v1/admin/tenants/acme/tokens', { name: 'test', scopes: ['events:read'] });
  const { token } = JSON.parse(granted) as { token: string };
  await bothServe(token);
  const open = async (lastEventId: string) => {
    const reader = await retrying(() => StreamReader.open(`${home.url}/events`, { token, lastEventId }));
    await reader.untilType('log.caught_up');
    return reader;
  };
  let sent = 0;
  const ingest = async () => {
    for (let end = sent + 6; sent < end; sent++)
      await retrying(() => ask('POST', '/v1/ingest', message('mara', 'call', sent)));
  };
  const readers: StreamReader[] = [];
  for (let count = 0; count < 20; count++) readers.push(await open('0'));
  const total = async () => (await streams()).reduce((sum, count) => sum + count, 0);
  await waitFor(async () => (await total()) === 20, 'word of twenty streams');
  expect([await total(), await total()]).toEqual([20, 20]); // Whichever worker is asked.
  await ingest(); // Every other one at the other worker.
  for (const reader of readers) await reader.untilType('user.message', sent);

  const [victim = 0] = await workers();
  process.kill(victim, 'SIGKILL');
  await waitFor(() => readers.some(({ ended }) => ended), 'the end of the streams of the killed one');
  await ingest();
  const staying = readers.filter(({ ended }) => !ended);
  for (const reader of staying) await reader.untilType('user.message', sent);
  const cut = readers.filter(({ ended }) => ended);
  expect(cut.length).toBeGreaterThanOrEqual(5);
  expect(staying.length).toBeGreaterThanOrEqual(5);
  expect([...cut, ...staying]).toHaveLength(20);
  const back = await Promise.all(cut.map(({ lastEventId }) => open(lastEventId ?? '')));
  await waitFor(async () => (await workers()).length === 2, 'its successor', 20_000);
  await bothServe(token);
  await ingest();
  const all = Array.from({ length: sent }, (_, at) => at + 1);
  for (const reader of staying) {
    await reader.untilType('user.message', sent);
    expect(reader.events.map(({ id }) => Number(id))).toEqual(all);
  }
  for (const [index, reader] of back.entries()) {
    const before = cut[index]?.events ?? [];
    await reader.untilType('user.message', sent - before.length);
    expect([...before, ...reader.events].map(({ id }) => Number(id))).toEqual(all);
  }
  expect(server.stderr.match(/worker \d+ ended/g)).toEqual([`worker ${victim} ended`]);
  for (const reader of [...staying, ...back]) reader.close();
});

it('all end by a SIGTERM to the primary alone', async () => {
  const pids = await waitFor(async () => {
    const pids = await workers();
    return pids.length === 2 && pids;
  }, 'two workers');
  const said = server.stderr;
  expect(await server.stopBy('SIGTERM')).toMatchObject({ code: 0 });
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(server.stderr).toBe(said);
});
