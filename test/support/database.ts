import { randomUUID } from 'node:crypto';
import pg from 'pg';

const SERVER = process.env['SWITCHBOARD_TEST_SERVER'] ?? '';

interface Database {
  readonly url: string;
  drop(): Promise<void>;
}

/** A migrated database of one's own. */
export function createDatabase(): Promise<Database> {
  return copyOf('switchboard_template');
}

/** One with nothing in it. */
export function createEmptyDatabase(): Promise<Database> {
  return copyOf('template0');
}

/** What a backup of it restores, as of now. Nobody may be connected. */
export function copyDatabase(url: string): Promise<Database> {
  return copyOf(new URL(url).pathname.slice(1));
}

async function copyOf(template: string): Promise<Database> {
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(SERVER);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

export async function query<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

async function onServer(statement: string): Promise<void> {
  // A template is copied by one session at a time: another worker's copy may be under way.
  for (let attempt = 1; ; attempt++) {
    try {
      await query(SERVER, statement);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== '55006' || attempt >= 100) throw error;
    }
  }
}
