/** A table that is locked while something is tried: what needs it waits in the middle of what it does. */
import pg from 'pg';
import { query } from './database.js';
import { waitFor } from './wait-for.js';

/** Resolves to the backend whose statement waits, once it has waited for longer than a turn of our event loop takes. */
export type Waiting = (statementLike: string) => Promise<number>;

/** Lets the table go when `work` is through, also when it has failed: a database under a lock could not be put away. */
export async function whileHeld<T>(
  [databaseUrl, table, mode]: [databaseUrl: string, table: string, mode?: string],
  work: (waiting: Waiting) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`BEGIN; LOCK TABLE ${table} IN ${mode ?? 'ACCESS EXCLUSIVE'} MODE`);
    return await work((statementLike) =>
      waitFor(
        async () => (await query<{ pid: number }>(databaseUrl, WAITING, [statementLike]))[0]?.pid,
        `a statement that waits for ${table}`,
      ),
    );
  } finally {
    await client.end();
  }
}

const WAITING = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
  AND query LIKE $1 AND clock_timestamp() - query_start > interval '20 milliseconds'`;
