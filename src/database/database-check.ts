import { connect } from './database-client.js';
import { Ways, wordsOf } from './ways.js';

/** Oldest PostgreSQL that we run our tests on. */
const OLDEST = 150_000;

/** Settings without which a crash takes or breaks what was committed. */
const DURABLE = ['synchronous_commit', 'fsync', 'full_page_writes'];

const NAME = 'switchboard-check';

/**
 * A server that answers, is new enough, and commits for real: what ingest answers for must survive a
 * crash of the process and of the machine (security rule 13). Throws with one readable line. `allowFsyncOff`: its storage keeps what
 * it was given without that. Resolves to what is to be said all the same.
 */
export async function assertDatabaseFits(databaseUrl: string, allowFsyncOff: boolean): Promise<string[]> {
  const client = await connect(databaseUrl, { name: NAME }).catch((error: unknown) => {
    throw new Error(wordsOf(error), { cause: error });
  });
  try {
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
    const { unused } = Ways.to(databaseUrl).url;
    return [
      ...off.map((name) => `${name} is off at the database: right only where its storage makes up for it`),
      ...(unused.length === 0
        ? []
        : [`DATABASE_URL: not used here, and not sent: ${unused.join(', ')} (docs/operations.md)`]),
    ];
  } finally {
    await client.end();
  }
}
