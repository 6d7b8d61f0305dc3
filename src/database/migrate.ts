/**
 * Applies prisma/migrations with Prisma's own schema engine: the same books (`_prisma_migrations`) as `prisma migrate deploy`,
 * without the native engine that would have to be downloaded.
 */
import { createHash } from 'node:crypto';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { type DatabaseClient, connect } from './database-client.js';
import { readMigrations } from './migrations.js';

/** Any number; two processes that start at once must agree on it. */
const MIGRATION_LOCK = 7_265_318;

/** Brings the database to the newest migration. Safe to run from several processes at once. Returns what was applied. */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const lock = await connect(databaseUrl, { name: 'switchboard-migrate', statementMs: 0 });
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const migrations = await readMigrations();
    if (await areApplied(lock, migrations)) return [];
    const { applyMigrations } = await import('./schema-engine.js');
    return await applyMigrations(databaseUrl, migrations);
  } finally {
    await lock.end();
  }
}

/** True when the books say of each, as it stands here, that it was applied; anything else is the engine's to judge. */
async function areApplied(client: DatabaseClient, { migrationDirectories }: MigrationList): Promise<boolean> {
  const { rows } = await client.query<{ books: string | null }>(`SELECT to_regclass('_prisma_migrations') AS books`);
  if (rows[0]?.books == null) return false;
  const booked = await client.query<{ migration_name: string; checksum: string; is_done: boolean }>(
    'SELECT migration_name, checksum, finished_at IS NOT NULL AND rolled_back_at IS NULL AS is_done FROM _prisma_migrations',
  );
  const done = new Map(booked.rows.map((row) => [row.migration_name, row.is_done ? row.checksum : undefined]));
  return (
    booked.rows.every(({ is_done }) => is_done) &&
    migrationDirectories.every(
      ({ path, migrationFile: { content } }) => content.tag === 'ok' && done.get(path) === checksumOf(content.value),
    )
  );
}

function checksumOf(script: string): string {
  return createHash('sha256').update(script).digest('hex');
}
