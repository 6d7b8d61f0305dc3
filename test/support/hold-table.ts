/** A table that is locked until it is let go: what needs it waits in the middle of what it does. */
import pg from 'pg';
import { query } from './database.js';
import { waitFor } from './wait-for.js';

export interface Hold {
  /** Resolves to the backend whose statement waits, once it has waited for longer than a turn of our event loop takes. */
  readonly held: (statementLike: string) => Promise<number>;
  readonly letGo: () => Promise<void>;
}

export async function holdTable(databaseUrl: string, table: string, mode = 'ACCESS EXCLUSIVE'): Promise<Hold> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`BEGIN; LOCK TABLE ${table} IN ${mode} MODE`);
  const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    AND query LIKE $1 AND clock_timestamp() - query_start > interval '20 milliseconds'`;
  return {
    held: (statementLike) =>
      waitFor(
        async () => (await query<{ pid: number }>(databaseUrl, waiting, [statementLike]))[0]?.pid,
        `a statement that waits for ${table}`,
      ),
    letGo: () => client.end(),
  };
}
