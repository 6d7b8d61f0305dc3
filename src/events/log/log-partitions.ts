/**
 * The log's partitions. The next one is made before it is needed. A partition of which nothing is left is dropped as a
 * whole. An append that finds no room makes a partition itself (append_events), so nothing depends on this class; it
 * only saves that append the wait. Both steps take locks for a moment. If others would have to wait for the lock, they
 * give up and try again later.
 */
import { Injectable, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '../../common/waiting.js';
import { codeOf } from '../../database/database-errors.js';
import type { Run } from '../../database/pg-pool.js';
import { BackgroundPool } from '../../database/pools.js';

/** How often the room that is left is checked. */
const LOOK_MS = 10_000;
/**
 * The next partition is made when there is room for fewer events than this. This is more than come in between two
 * looks.
 */
const ENOUGH = 100_000;
/** Appends wait no longer than this while the drop of an empty partition waits for its readers. */
const LOCK_MS = 40;

const LACKS_ROOM = `SELECT FROM log_head WHERE id = 1 AND room > 0 AND room - position < ${ENOUGH}`;
const DROP = 'SELECT drop_log_partition($1) AS dropped';
/** The partitions that end before the log's head, in order. */
export const BEHIND = `SELECT p.name, p.first, p.last FROM (
    SELECT c.oid::regclass::text AS name, substring(bounds FROM 'FROM \\(''?(\\d+)')::bigint AS first,
      substring(bounds FROM 'TO \\(''?(\\d+)')::bigint - 1 AS last
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid, pg_get_expr(c.relpartbound, c.oid) bounds WHERE i.inhparent = 'log_events'::regclass) p
  JOIN log_head h ON h.id = 1 AND p.last < h.position ORDER BY p.last`;

@Injectable()
export class LogPartitions implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly looking = new Interval(LOOK_MS, () => this.makeRoom());

  constructor(private readonly pool: BackgroundPool) {}

  onApplicationBootstrap(): void {
    this.looking.start();
  }

  onApplicationShutdown(): void {
    this.looking.stop();
  }

  /** Makes the next partition when the last one is nearly full. True: it was made. */
  async makeRoom(): Promise<boolean> {
    if ((await this.pool.query(LACKS_ROOM)).rowCount === 0) return false;
    return this.pool.transaction(async (run) => {
      await run('SELECT FROM log_head WHERE id = 1 FOR UPDATE');
      // Another process may have been quicker.
      if ((await run(LACKS_ROOM)).rowCount === 0) return false;
      // After a restore, numbers have passed all partitions by (log-lineage.ts).
      await run('SELECT extend_log(greatest(room, position) + 1) FROM log_head WHERE id = 1');
      return true;
    });
  }

  /**
   * Drops the partitions of which retention or erasure has left nothing. Returns how many. Partitions that are being
   * read stay for now. The table of the versions before gives its disk back, too.
   */
  async dropEmpty(): Promise<number> {
    let dropped = (await this.tried('SELECT empty_log_before() AS dropped')) ? 1 : 0;
    const { rows } = await this.pool.query<{ name: string }>(BEHIND);
    for (const { name } of rows) dropped += (await this.tried(DROP, [name])) ? 1 : 0;
    return dropped;
  }

  private async tried(text: string, values: unknown[] = []): Promise<boolean> {
    const dropped = await unlessHeld(this.pool, async (run) => (await run<{ dropped: boolean }>(text, values)).rows[0]);
    return dropped?.dropped ?? false;
  }
}

/** SQLSTATE lock_not_available: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * A transaction that takes a lock of the log. Undefined, and nothing is done, when others would have to wait for it.
 * `before` runs first, and may wait for other locks.
 */
export async function unlessHeld<Value>(
  pool: BackgroundPool,
  work: (run: Run) => Promise<Value>,
  before: (run: Run) => Promise<void> = () => Promise.resolve(),
): Promise<Value | undefined> {
  try {
    return await pool.transaction(async (run) => {
      await before(run);
      await run(`SET LOCAL lock_timeout = ${LOCK_MS}`);
      return work(run);
    });
  } catch (error) {
    if (codeOf(error) === LOCK_NOT_AVAILABLE) return undefined;
    throw error;
  }
}
