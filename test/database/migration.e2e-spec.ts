/** A database of the version before comes along whole. */
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
      ...[[agent], [call], ['user.message'], [new Date()], [key], ['{}']],
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
