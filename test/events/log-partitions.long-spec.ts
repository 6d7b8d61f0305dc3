/** The log's partitions: made as they are needed, and of no concern to whoever reads, repeats or counts. */
import { BackgroundPool } from '../../src/database/pools.js';
import { LogPartitions } from '../../src/events/log/log-partitions.js';
import { createDatabase, query } from '../support/database.js';
import { whileHeld } from '../support/hold-table.js';

const APPEND = `SELECT outcome, position::float, seq::int FROM append_events($1, $2, $3, $4, $5, $6, NULL) ORDER BY ord`;

let database: Awaited<ReturnType<typeof createDatabase>>;
let pool: BackgroundPool;
let partitions: LogPartitions;

beforeEach(async () => {
  database = await createDatabase();
  pool = new BackgroundPool(database.url);
  partitions = new LogPartitions(pool);
  await sql(
    `INSERT INTO tenants (id, name) VALUES ('acme', 'A'); INSERT INTO agents (name, tenant_id, since) VALUES ('mara', 'acme', now())`,
  );
});

afterEach(async () => {
  await pool.onApplicationShutdown();
  await database.drop();
});

function sql<Row extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]> {
  return query<Row>(database.url, text, values);
}

/** One event a key, of a call that its first letter names; "-": of none. */
async function append(...keys: string[]) {
  const calls = keys.map((key) => (key.startsWith('-') ? null : `CA-${key[0]}`));
  const all = <T>(value: T) => keys.map(() => value);
  const values = [all('mara'), calls, all('user.message'), all(new Date()), keys, all('{"text":"x"}')];
  return sql<{ outcome: string; position: number | null; seq: number | null }>(APPEND, values);
}

/** As if so many events had come in since. */
async function leaveRoomFor(events: number): Promise<void> {
  await sql(`UPDATE log_head SET position = room - $1`, [events]);
}

const names = async () =>
  (await sql<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'log_events'::regclass ORDER BY 1`,
  )).map(({ name }) => name); // prettier-ignore

it('an append that finds no room makes it, and its events are numbered on; repeats are known over all partitions', async () => {
  await append('a1', '-1');
  await leaveRoomFor(2);
  expect(await append('a2', 'a3', 'b1')).toMatchObject([
    { outcome: 'stored', position: 249_999, seq: 3 },
    { outcome: 'stored', position: 250_000, seq: 4 },
    { outcome: 'stored', position: 250_001, seq: 5 },
  ]);
  await leaveRoomFor(0);
  expect(await append('c1')).toMatchObject([{ outcome: 'stored', position: 500_001, seq: 6 }]);
  expect(await names()).toEqual(['log_events_1', 'log_events_250001', 'log_events_500001']);
  const again = await append('a1', 'a2', 'a3', 'b1', 'c1', '-1', 'c2');
  expect(again.map(({ outcome }) => outcome)).toEqual([...Array<string>(6).fill('duplicate'), 'stored']);
  for (const page of [
    'log_page(0, 1000000, 10, 100000, NULL, false, NULL, NULL)',
    `read_tenant_log('acme', 0, 10, NULL, NULL)`,
  ])
    expect((await sql(`SELECT seq::int FROM ${page}`)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

it('two in one partition cannot have the same number, whoever gave it', async () => {
  await append('a1');
  const twice = `INSERT INTO log_events (position, tenant_id, seq, agent, type, at, key, data)
    VALUES (2, 'acme', 1, 'mara', 't', now(), gen_random_uuid(), '{}')`;
  await expect(sql(twice)).rejects.toThrow(/duplicate key/);
});

it('the next partition is made ahead, by one of those who look', async () => {
  await append('a1');
  expect(await partitions.makeRoom()).toBe(false);
  await leaveRoomFor(50_000);
  expect((await Promise.all([partitions.makeRoom(), partitions.makeRoom()])).sort()).toEqual([false, true]);
  expect(await names()).toEqual(['log_events_1', 'log_events_250001']);
  expect(await append('a2')).toMatchObject([{ position: 200_001 }]);
});

it('numbers that were passed over get no partition', async () => {
  await append('a1');
  await sql('UPDATE log_head SET position = 170000000000000');
  expect(await append('a2')).toMatchObject([{ outcome: 'stored', position: 170_000_000_000_001, seq: 2 }]);
  expect(await names()).toEqual(['log_events_1', 'log_events_170000000000001']);
});

it('after a restore, one partition is made for the numbers that come, however often somebody looks', async () => {
  await append('a1');
  await sql('UPDATE log_head SET position = 170000000000000');
  expect(await partitions.makeRoom()).toBe(true);
  expect(await partitions.makeRoom()).toBe(false);
  expect(await names()).toEqual(['log_events_1', 'log_events_170000000000001']);
  expect(await append('a2')).toMatchObject([{ outcome: 'stored', position: 170_000_000_000_001 }]);
});

it('a partition of which nothing is left is dropped, but not the newest, nor one that somebody reads', async () => {
  await append('a1');
  await leaveRoomFor(0);
  await append('b1');
  expect(await partitions.dropEmpty()).toBe(0);
  await sql('DELETE FROM log_events');
  await pool.transaction(async (run) => {
    await run('SELECT FROM log_events LIMIT 1');
    expect(await partitions.dropEmpty()).toBe(0);
  });
  // As a vacuum holds it.
  await whileHeld([database.url, 'ONLY log_events_250001', 'SHARE UPDATE EXCLUSIVE'], async () => {
    const twice = await Promise.all([partitions.dropEmpty(), partitions.dropEmpty()]);
    expect(twice.sort()).toEqual([0, 1]);
  });
  expect(await names()).toEqual(['log_events_250001']);
  expect(await append('a1', 'c1')).toMatchObject([
    { outcome: 'stored', seq: 3 },
    { outcome: 'stored', seq: 4 },
  ]);
});

it('a repeat of what happened to a tenant is known', async () => {
  const happen = () => sql(`SELECT seq::int FROM append_tenant_event('acme', 'webhook.disabled', now(), 'key', '{}')`);
  await leaveRoomFor(0);
  expect(await happen()).toEqual([{ seq: 1 }]);
  expect(await happen()).toEqual([]);
  expect(await sql('SELECT seq::int, type FROM events')).toEqual([{ seq: 1, type: 'webhook.disabled' }]);
});

it('a repeat is known from where its call began, also when the tenant wrote to it later and the call went to another', async () => {
  const by = (tenant: string | null, type: string, key: string) =>
    sql<{ outcome: string; tenant_id: string }>(
      `SELECT outcome, tenant_id FROM append_events('{mara}', '{CA}', ARRAY[$2], ARRAY[now()], ARRAY[$3], '{"{}"}', $1)`,
      [tenant, type, key],
    );
  expect(await by(null, 'call.started', 'a1')).toMatchObject([{ outcome: 'stored', tenant_id: 'acme' }]);
  expect(await by('acme', 'note', 'a2')).toMatchObject([{ outcome: 'stored' }]);
  expect(await by(null, 'call.ended', 'a3')).toMatchObject([{ outcome: 'stored' }]);
  await sql(
    `INSERT INTO tenants (id, name) VALUES ('globex', 'G'); UPDATE agents SET tenant_id = 'globex', since = now()`,
  );
  expect(await by(null, 'call.started', 'b1')).toMatchObject([{ outcome: 'stored', tenant_id: 'globex' }]);
  expect(await by('acme', 'call.started', 'a1')).toMatchObject([{ outcome: 'duplicate', tenant_id: 'acme' }]);
});
