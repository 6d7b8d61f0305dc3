import pg from 'pg';

/** Oldest PostgreSQL that we run our tests on. */
const OLDEST = 150_000;

/**
 * A server that answers, is new enough, and commits for real: what ingest answers for must survive a crash, so
 * `synchronous_commit` has to be on (security rule 13). Throws with one readable line.
 */
export async function assertDatabaseFits(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number; commit: string }>(
      `SELECT current_setting('server_version_num')::int AS version, current_setting('synchronous_commit') AS commit`,
    );
    const { version, commit } = rows[0] ?? { version: 0, commit: '' };
    if (version < OLDEST) throw new Error('PostgreSQL 15 or newer is needed');
    if (commit === 'off')
      throw new Error('synchronous_commit is off; turn it on, or events that were answered for may be lost');
  } catch (error) {
    // A refused connection to several addresses is an AggregateError without a message of its own.
    throw error instanceof AggregateError ? (error.errors[0] as Error) : error;
  } finally {
    await client.end().catch(() => undefined); // Never connected.
  }
}
