/**
 * The schema that holds everything of an installation: tables, functions, records of migrations. It is determined once,
 * at the start. From then on `schema` in the URL tells it to every connection, so that all look in the same one.
 */
import { withParameter } from '../config/postgres-url.js';
import { type DatabaseClient, connect } from './database-client.js';
import { Ways } from './ways.js';

/** The schema in the URL, for Prisma, which always asks by the schema's name. */
export function schemaOf(databaseUrl: string): { schema?: string } {
  const { schema } = Ways.to(databaseUrl).url;
  return schema === undefined ? {} : { schema };
}

/**
 * The URL with the schema in it. The schema that the URL names is made if it is missing. Without one it is the first on
 * the login's search_path that has our tables, otherwise the first of all. Throws with one readable line.
 */
export async function settleSchema(databaseUrl: string): Promise<string> {
  const wanted = schemaOf(databaseUrl).schema;
  const client = await connect(databaseUrl, { name: 'switchboard-schema' });
  try {
    if (wanted !== undefined) {
      await makeSchema(client, wanted);
      return databaseUrl;
    }
    const { rows } = await client.query<{ schema: string | null }>(
      `SELECT coalesce((SELECT nspname FROM pg_namespace n, pg_class c
        WHERE c.oid = to_regclass('_prisma_migrations') AND n.oid = c.relnamespace), current_schema())::text AS schema`,
    );
    const schema = rows[0]?.schema;
    if (schema == null)
      throw new Error(`no schema is on the login's search_path; name one: ?schema=…${await hint(client)}`);
    return withParameter(databaseUrl, 'schema', schema);
  } finally {
    await client.end();
  }
}

/**
 * Checks before anything is made. Throws, in one line, if the login may not or, with `isFirst`, if others have made
 * something.
 */
export async function assertMayCreate(client: DatabaseClient, databaseUrl: string, isFirst: boolean): Promise<void> {
  const { rows } = await client.query<{ schema: string; may: boolean; login: string; is_used: boolean }>(
    `SELECT schema, session_user::text AS login,
            EXISTS (SELECT FROM pg_tables WHERE schemaname = schema) AS is_used,
            has_schema_privilege(schema, 'CREATE') AND has_schema_privilege(schema, 'USAGE') AS may
     FROM coalesce($1, current_schema()::text) AS schema`,
    [schemaOf(databaseUrl).schema],
  );
  const { schema, login, may, is_used: isUsed } = rows[0] ?? { schema: '', login: '', may: true, is_used: false };
  if (isFirst && isUsed)
    throw new Error(
      `in the schema "${schema}" are tables of others; give Switchboard one of its own: ?schema=switchboard`,
    );
  if (may) return;
  const grant = `GRANT CREATE, USAGE ON SCHEMA "${schema}" TO "${login}"`;
  throw new Error(`the user "${login}" may not make tables in the schema "${schema}": ${grant}${await hint(client)}`);
}

async function makeSchema(client: DatabaseClient, schema: string): Promise<void> {
  const { rows } = await client.query<{ is_there: boolean; may: boolean; login: string }>(
    `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS is_there, session_user::text AS login,
            has_database_privilege(current_database(), 'CREATE') AS may`,
    [schema],
  );
  const { is_there: isThere, login, may } = rows[0] ?? { is_there: true, login: '', may: true };
  if (isThere) return;
  if (!may)
    throw new Error(
      `there is no schema "${schema}", and the user "${login}" may not make one: CREATE SCHEMA "${schema}" AUTHORIZATION "${login}"`,
    );
  // Another process that started at the same time may have made it first.
  const name = client.escapeIdentifier(schema);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${name}`).catch((error: Error & { code?: string }) => {
    if (error.code !== '23505') throw error;
  });
}

/** Whether the login may make tables. */
async function hint(client: DatabaseClient): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace
     WHERE nspname !~ '^pg_' AND has_schema_privilege(oid, 'CREATE') ORDER BY nspname LIMIT 3`,
  );
  return rows.length === 0 ? '' : `; it may in ${rows.map(({ name }) => `?schema=${name}`).join(', ')}`;
}
