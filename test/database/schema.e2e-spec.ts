import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { schemaScript } from '../../src/database/schema-engine.js';
import { createDatabase, createEmptyDatabase, query } from '../support/database.js';

const SCRIPT = resolve(import.meta.dirname, '../../scripts/schema.mjs');
const FILE = resolve(import.meta.dirname, '../../prisma/schema.sql');

/** Compares prisma/schema.sql with a database. */
function check(url: string) {
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, '--check', url], { encoding: 'utf8' });
  return { status, stderr };
}

/** Tables, columns and indexes of a schema, without its name. */
async function shapeOf(url: string, schema: string): Promise<string[]> {
  const columns = await query<{ line: string }>(
    url,
    `SELECT concat_ws(' ', table_name, column_name, udt_name, is_nullable, replace(column_default, $1 || '.', '')) AS line
     FROM information_schema.columns JOIN information_schema.tables USING (table_catalog, table_schema, table_name)
     WHERE table_schema = $1 AND table_name <> '_prisma_migrations' AND table_type = 'BASE TABLE' ORDER BY 1`,
    [schema],
  );
  const indexes = await query<{ line: string }>(
    url,
    `SELECT replace(replace(indexdef, ' ' || $1 || '.', ' '), ' ON ONLY ', ' ON ') AS line
     FROM pg_indexes WHERE schemaname = $1 AND tablename <> '_prisma_migrations'
       AND indexdef NOT LIKE '% WHERE %' -- Prisma's schema has no partial indexes.
     ORDER BY 1`,
    [schema],
  );
  return [...columns, ...indexes].map(({ line }) => line);
}

it('the migrations make what schema.prisma says', async () => {
  const database = await createDatabase();
  const script = await schemaScript(database.url);
  await query(database.url, `CREATE SCHEMA wanted; SET search_path = wanted; ${script}`);
  const [made, wanted] = [await shapeOf(database.url, 'public'), await shapeOf(database.url, 'wanted')];
  expect(wanted.length).toBeGreaterThan(50);
  expect(made).toEqual(wanted);
  await database.drop();
});

it('prisma/schema.sql is what the migrations make; where it is not, the test names the command that writes it', async () => {
  const database = await createDatabase();
  expect(check(database.url)).toEqual({ status: 0, stderr: '' });
  await query(database.url, 'ALTER TABLE agents ADD COLUMN extra integer');
  expect(check(database.url)).toMatchObject({ status: 1, stderr: expect.stringContaining('npm run schema') });
  await database.drop();
});

it('prisma/schema.sql makes the same database in an empty one', async () => {
  const database = await createEmptyDatabase();
  await query(database.url, readFileSync(FILE, 'utf8'));
  expect(check(database.url)).toEqual({ status: 0, stderr: '' });
  await database.drop();
});
