import { connect } from './database-client.js';
import { KEY } from './lock-session.js';

/**
 * Runs `work` while nobody else on this database runs anything under that name; waits for who does. The lock is a
 * connection's of its own: it takes none from the pool that `work` needs, and a process that is killed lets go of it.
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
    await lock.end().catch(() => undefined); // Broken already, and the lock with it.
  }
}
