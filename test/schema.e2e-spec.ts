import { schemaScript } from '../src/database/schema-engine.js';
import { createDatabase, query } from './support/database.js';

/** Tables, columns and indexes of a schema, without its name. */
async function shapeOf(url: string, schema: string): Promise<string[]> {
  const columns = await query<{ line: string }>(
    url,
    `SELECT concat_ws(' ', table_name, column_name, udt_name, is_nullable, replace(column_default, $1 || '.', '')) AS line
     FROM information_schema.columns WHERE table_schema = $1 AND table_name <> '_prisma_migrations' ORDER BY 1`,
    [schema],
  );
  const indexes = await query<{ line: string }>(
    url,
    `SELECT replace(indexdef, ' ' || $1 || '.', ' ') AS line
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
