import pg from 'pg';

/**
 * Runs `work` while nobody else on this database runs anything under that name; waits for who does. The lock is a
 * connection's of its own: it takes none from the pool that `work` needs, and a process that is killed lets go of it.
 */
export async function exclusively<Result>(
  databaseUrl: string,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const lock = new pg.Client({ connectionString: databaseUrl, application_name: 'switchboard-lock' });
  lock.on('error', () => undefined); // Work that needs the database says so itself.
  try {
    await lock.connect();
    await lock.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]);
    return await work();
  } finally {
    await lock.end().catch(() => undefined); // Broken already, and the lock with it.
  }
}
