import { connect } from './database-client.js';
import { KEY } from './lock-session.js';

/**
 * Runs `work` while nobody else on this database runs anything under that name; waits for its turn. A dedicated
 * connection holds the lock: it takes none from the pool that `work` needs, and a killed process releases it.
 */
export async function exclusively<Result>(
  databaseUrl: string,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const lock = await connect(databaseUrl, { name: 'switchboard-lock' });
  try {
    await lock.query(`SELECT pg_advisory_lock(${KEY})`, [name]);
    return await work();
  } finally {
    await lock.end().catch(() => undefined); // The connection is broken already, and the lock is gone with it.
  }
}
