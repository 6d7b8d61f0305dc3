/** A database of the version before comes along whole. */
import pg from 'pg';
import { migrate } from '../../src/database/migrate.js';
import { readMigrations } from '../../src/database/migrations.js';
import { applyMigrations } from '../../src/database/schema-engine.js';
import { createEmptyDatabase, query } from '../support/database.js';

/** Brings a new database to where it was before this migration. */
async function databaseBefore(migration: string) {
  const database = await createEmptyDatabase();
  const { migrationDirectories, ...rest } = await readMigrations();
  await applyMigrations(database.url, {
    ...rest,
    migrationDirectories: migrationDirectories.filter(({ path }) => path < migration),
  });
  return database;
}

const APPEND = `SELECT outcome, tenant_id FROM append_events($1, $2, $3, $4, $5, $6, NULL)`;

it('calls, erased calls and identities of before are what they were, by tenant and call id', async () => {
  const database = await databaseBefore('20261127100000_calls_by_tenant');
  const append = (agent: string, call: string, key: string) =>
    query<{ outcome: string; tenant_id: string | null }>(database.url, APPEND, [
      [agent],
      [call],
      ['user.message'],
      [new Date()],
      [key],
      ['{}'],
    ]);
  await query(
    database.url,
    `INSERT INTO tenants (id, name) VALUES ('acme', 'A'), ('globex', 'G');
     INSERT INTO agents (name, tenant_id, since) VALUES ('mara', 'acme', now()), ('julia', 'globex', now());
     INSERT INTO ownerships (agent, tenant_id, since, from_position, changed_by)
       VALUES ('mara', 'acme', now(), 0, 'x'), ('julia', 'gone', now(), 0, 'x')`,
  );
  expect(await append('mara', 'kept', 'k1')).toEqual([{ outcome: 'stored', tenant_id: 'acme' }]);
  expect(await append('nora', 'free', 'k2')).toEqual([{ outcome: 'stored', tenant_id: null }]);
  await query(
    database.url,
    `UPDATE agents SET tenant_id = 'globex' WHERE name = 'mara';
     INSERT INTO erased_calls (call_id, tenant_id, agent) VALUES ('erased', 'acme', 'mara'), ('lost', NULL, 'nora')`,
  );

  await migrate(database.url);

  const calls = await query(
    database.url,
    `SELECT call_id, tenant_id, agent, by_platform, erased_at IS NOT NULL AS erased FROM call_tenants ORDER BY call_id`,
  );
  expect(calls).toEqual([
    { call_id: 'erased', tenant_id: 'acme', agent: 'mara', by_platform: true, erased: true },
    { call_id: 'free', tenant_id: '', agent: 'nora', by_platform: true, erased: false },
    { call_id: 'kept', tenant_id: 'acme', agent: 'mara', by_platform: true, erased: false },
    { call_id: 'lost', tenant_id: '', agent: 'nora', by_platform: true, erased: true },
  ]);
  expect(await append('mara', 'kept', 'k1')).toEqual([{ outcome: 'duplicate', tenant_id: 'acme' }]);
  expect(await append('mara', 'kept', 'k3')).toEqual([{ outcome: 'stored', tenant_id: 'acme' }]);
  expect(await append('mara', 'new', 'k4')).toEqual([{ outcome: 'stored', tenant_id: 'globex' }]);
  expect(await append('nora', 'free', 'k5')).toEqual([{ outcome: 'stored', tenant_id: null }]);
  expect(await append('mara', 'erased', 'k6')).toEqual([{ outcome: 'erased', tenant_id: 'acme' }]);
  expect(await append('nora', 'lost', 'k7')).toEqual([{ outcome: 'erased', tenant_id: null }]);
  expect(await query(database.url, 'SELECT agent, tenant_erased FROM ownerships ORDER BY agent')).toEqual([
    { agent: 'julia', tenant_erased: true },
    { agent: 'mara', tenant_erased: false },
  ]);
  await database.drop();
});

it('the log of the version before is whole under the new one, while processes of both write and read it', async () => {
  const database = await databaseBefore('20261128010000_log_in_partitions');
  const before = new pg.Client({ connectionString: database.url });
  await before.connect();
  const appendBy = async (client: pg.Client, ...keys: string[]) => {
    const all = <T>(value: T) => keys.map(() => value);
    const calls = keys.map((key) => (key.startsWith('-') ? null : `CA-${key[0]}`));
    const values = [all('mara'), calls, all('user.message'), all(new Date()), keys, all('{}'), null];
    const text = 'SELECT outcome, seq FROM append_events($1, $2, $3, $4, $5, $6, $7) ORDER BY ord';
    return (await client.query<{ outcome: string }>({ name: 'append', text, values })).rows.map(
      ({ outcome }) => outcome,
    );
  };
  /** The statements that the version before has prepared on its connections. */
  const reads = async () => {
    const ask = async (name: string, text: string) => (await before.query<{ seq: string }>({ name, text })).rows;
    const page = await ask('page', 'SELECT seq, data FROM log_page(0, 1000, 100, 100000, NULL, false, NULL, NULL)');
    const tenant = await ask(
      'tenant',
      `SELECT seq, data FROM tenant_log_page('acme', 0, 1000, 100, 100000, NULL, NULL)`,
    );
    const call = await ask('call', `SELECT seq, data FROM events WHERE call_id = 'CA-a' ORDER BY position`);
    return [page, tenant, call].map((rows) => rows.map(({ seq }) => Number(seq)));
  };
  await query(
    database.url,
    `INSERT INTO tenants (id, name) VALUES ('acme', 'A');
     INSERT INTO agents (name, tenant_id, since) VALUES ('mara', 'acme', now())`,
  );
  expect(await appendBy(before, 'a1', 'a2', '-1')).toEqual(['stored', 'stored', 'stored']);
  expect(await reads()).toEqual([[1, 2, 3], [1, 2, 3], [1, 2]]); // prettier-ignore

  await migrate(database.url);

  const after = new pg.Client({ connectionString: database.url });
  await after.connect();
  expect(await reads()).toEqual([[1, 2, 3], [1, 2, 3], [1, 2]]); // prettier-ignore
  for (const [client, own] of [
    [before, '3'],
    [after, '4'],
  ] as const)
    // prettier-ignore
    expect(await appendBy(client, 'a1', `a${own}`, '-1', `b${own}`)).toEqual(['duplicate', 'stored', 'duplicate', 'stored']);
  expect(await appendBy(before, 'a3', 'a4', 'b3', 'b4')).toEqual(Array(4).fill('duplicate'));
  expect(await reads()).toEqual([[1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7], [1, 2, 4, 6]]); // prettier-ignore

  // As the version before erases a call, and lets events expire.
  const changed = await before.query(
    `UPDATE events SET call_id = NULL, data = '{"gone":1}' WHERE position = ANY ('{1,4}')`,
  );
  await before.query(`INSERT INTO events (position, tenant_id, seq, agent, type, at, source_key, data)
    VALUES (8, 'acme', 8, 'mara', 'call.erased', now(), 'erased CA-a', '{}')`);
  await before.query('UPDATE log_head SET position = 8');
  await before.query('UPDATE tenant_heads SET seq = 8');
  const gone = await before.query<{
    seq: string;
  }>(`WITH due AS MATERIALIZED (SELECT position FROM events WHERE seq IN (2, 5)),
    gone AS (DELETE FROM events e USING due WHERE e.position = due.position RETURNING e.seq) SELECT seq FROM gone ORDER BY seq`);
  expect([changed.rowCount, gone.rows.map(({ seq }) => Number(seq))]).toEqual([2, [2, 5]]);
  expect(await reads()).toEqual([[1, 3, 4, 6, 7, 8], [1, 3, 4, 6, 7, 8], [6]]); // prettier-ignore
  // A tombstone keeps what makes a repeat of its event recognisable.
  expect(await appendBy(after, 'a1', 'a3', 'a2')).toEqual(['duplicate', 'duplicate', 'stored']);
  await Promise.all([before.end(), after.end()]);
  await database.drop();
});
