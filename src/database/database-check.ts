import pg from 'pg';

/** Oldest PostgreSQL that we run our tests on. */
const OLDEST = 150_000;

/** Settings without which a crash takes or breaks what was committed. */
const DURABLE = ['synchronous_commit', 'fsync', 'full_page_writes'];

/**
 * A server that answers, is new enough, and commits for real: what ingest answers for must survive a crash of the process
 * and of the machine (security rule 13). Throws with one readable line. `allowFsyncOff`: its storage keeps what it was given
 * without that. Resolves to what is to be said all the same.
 */
export async function assertDatabaseFits(databaseUrl: string, allowFsyncOff: boolean): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number; off: string[] }>(
      `SELECT current_setting('server_version_num')::int AS version,
              ARRAY(SELECT name FROM unnest($1::text[]) name WHERE current_setting(name) = 'off') AS off`,
      [DURABLE],
    );
    const { version, off } = rows[0] ?? { version: 0, off: [] };
    if (version < OLDEST) throw new Error('PostgreSQL 15 or newer is needed');
    if (off.includes('synchronous_commit'))
      throw new Error('synchronous_commit is off; turn it on, or events that were answered for may be lost');
    if (off.includes('fsync') && !allowFsyncOff)
      throw new Error(
        'fsync is off; turn it on, or a crash of its machine may lose or break everything' +
          ' (ALLOW_FSYNC_OFF=true where its storage is durable without)',
      );
    return off.map((name) => `${name} is off at the database: right only where its storage makes up for it`);
  } catch (error) {
    // A refused connection to several addresses is an AggregateError without a message of its own.
    throw error instanceof AggregateError ? (error.errors[0] as Error) : error;
  } finally {
    await client.end().catch(() => undefined); // Never connected.
  }
}
