import { type DatabaseClient, connect } from './database-client.js';
import { WANTED, describeMissing } from './postgres-settings.js';
import { Ways, wordsOf } from './ways.js';

/** The oldest PostgreSQL that we run our tests on. */
const OLDEST = 150_000;

/** Settings that, when off, let a crash lose or damage what was committed. */
const DURABLE = ['synchronous_commit', 'fsync', 'full_page_writes'];

const NAME = 'switchboard-check';

/**
 * Checks the server: it answers, is new enough, keeps a connection's session, and commits durably. What ingest has
 * acknowledged must survive a crash of the process and of the machine (security rule 13). Throws with one readable
 * line. `allowFsyncOff`: its storage keeps what it was given without fsync. Resolves to a warning, if there is one.
 */
export async function assertDatabaseFits(databaseUrl: string, allowFsyncOff: boolean): Promise<string[]> {
  const client = await connect(databaseUrl, { name: NAME }).catch((error: unknown) => {
    throw new Error(wordsOf(error), { cause: error });
  });
  try {
    const { version, off, settings } = await readSettings(client);
    if (version < OLDEST) throw new Error('PostgreSQL 15 or newer is needed');
    await assertSessionsLast(client, databaseUrl);
    if (off.includes('synchronous_commit'))
      throw new Error('synchronous_commit is off; turn it on, or events that were answered for may be lost');
    if (off.includes('fsync') && !allowFsyncOff)
      throw new Error(
        'fsync is off; turn it on, or a crash of its machine may lose or break everything' +
          ' (ALLOW_FSYNC_OFF=true where its storage is durable without)',
      );
    const { unused } = Ways.to(databaseUrl).url;
    const missing = describeMissing(settings);
    return [
      ...(missing === undefined ? [] : [missing]),
      ...off.map((name) => `${name} is off at the database: right only where its storage makes up for it`),
      ...(unused.length === 0
        ? []
        : [`DATABASE_URL: not used here, and not sent: ${unused.join(', ')} (docs/operations.md)`]),
    ];
  } finally {
    await client.end();
  }
}

interface Settings {
  readonly version: number;
  /** The settings of {@link DURABLE}. */
  readonly off: readonly string[];
  readonly settings: readonly { readonly name: string; readonly value: number }[];
}

async function readSettings(client: DatabaseClient): Promise<Settings> {
  const { rows } = await client.query<Settings>(
    `SELECT current_setting('server_version_num')::int AS version,
            ARRAY(SELECT name FROM unnest($1::text[]) name WHERE current_setting(name) = 'off') AS off,
            (SELECT coalesce(jsonb_agg(jsonb_build_object('name', name, 'value', setting::float)), '[]')
             FROM pg_settings WHERE name = ANY ($2::text[])) AS settings`,
    [DURABLE, WANTED.map(({ name }) => name)],
  );
  return rows[0] ?? { version: 0, off: [], settings: [] };
}

/**
 * A pooler in between must pool by session: locks, LISTEN and settings belong to a connection. One that pools by
 * transaction is recognised by this: one backend serves two connections that are open at once, or several backends
 * serve one of them in turn. (The order of the questions also finds a pooler that rotates its backends, however many it
 * has.)
 */
async function assertSessionsLast(one: DatabaseClient, databaseUrl: string): Promise<void> {
  const other = await connect(databaseUrl, { name: NAME }).catch((error: unknown) => {
    throw new Error(`it gives us one connection and no second one (${wordsOf(error)}); a process needs up to 25`, {
      cause: error,
    });
  });
  try {
    const backends = new Map([
      [one, new Set<number>()],
      [other, new Set<number>()],
    ]);
    for (const client of [one, other, one, one, other]) {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      backends.get(client)?.add(rows[0]?.pid ?? 0);
    }
    const served = [...backends.values()].flatMap((pids) => [...pids]);
    if (new Set(served).size === 2 && served.length === 2) return;
    throw new Error(
      'the pooler in front of it pools by transaction: let it pool by session (PgBouncer: pool_mode=session),' +
        ' or name in DATABASE_URL the server itself',
    );
  } finally {
    await other.end();
  }
}
