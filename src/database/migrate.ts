/**
 * Applies prisma/migrations with Prisma's own schema engine. It keeps the same records (`_prisma_migrations`) as
 * `prisma migrate deploy`, without the native engine that would have to be downloaded.
 */
import { createHash } from 'node:crypto';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { type DatabaseClient, connect } from './database-client.js';
import { readMigrations } from './migrations.js';
import { assertMayCreate } from './schema.js';

/** Any number, but processes that start at once must agree on it. */
const MIGRATION_LOCK = 7_265_318;

/**
 * Brings the database to the newest migration. Safe to run from several processes at once. Returns what was applied.
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const lock = await connect(databaseUrl, { name: 'switchboard-migrate', statementMs: 0 });
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const migrations = await readMigrations();
    const books = await readBooks(lock);
    if (areApplied(books, migrations)) return [];
    await assertMayCreate(lock, databaseUrl, books.length === 0);
    const failed = books.filter(({ isDone, isUndone }) => !isDone && !isUndone).map(({ name }) => name);
    const { applyMigrations } = await import('./schema-engine.js');
    return await applyMigrations(databaseUrl, migrations, failed);
  } finally {
    await lock.end();
  }
}

interface Entry {
  readonly name: string;
  readonly checksum: string;
  readonly isDone: boolean;
  readonly isUndone: boolean;
}

/**
 * In the schema in which they would be made: those in another schema of the search_path belong to another installation.
 */
async function readBooks(client: DatabaseClient): Promise<Entry[]> {
  const { rows } = await client.query<{ exist: boolean }>(
    `SELECT to_regclass(format('%I._prisma_migrations', current_schema())) IS NOT NULL AS exist`,
  );
  if (rows[0]?.exist !== true) return [];
  const booked = await client.query<Entry>(
    `SELECT migration_name AS name, checksum, rolled_back_at IS NOT NULL AS "isUndone",
            finished_at IS NOT NULL AND rolled_back_at IS NULL AS "isDone" FROM _prisma_migrations`,
  );
  return booked.rows;
}

/** True if each migration, in its present text, is recorded as applied; the engine judges anything else. */
function areApplied(books: readonly Entry[], { migrationDirectories }: MigrationList): boolean {
  const done = new Map(books.filter(({ isDone }) => isDone).map(({ name, checksum }) => [name, checksum]));
  return (
    books.every(({ isDone, isUndone }) => isDone || isUndone) &&
    migrationDirectories.every(
      ({ path, migrationFile: { content } }) => content.tag === 'ok' && done.get(path) === checksumOf(content.value),
    )
  );
}

function checksumOf(script: string): string {
  return createHash('sha256').update(script).digest('hex');
}
