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
/** The partitions that end before the log's head, in order. */
const BEHIND = `SELECT p.name, p.last FROM (
    SELECT c.oid::regclass::text AS name,
      substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''?(\\d+)')::bigint - 1 AS last
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'log_events'::regclass) p
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
      await run('SELECT extend_log(room + 1) FROM log_head WHERE id = 1');
      return true;
    });
  }

  /**
   * Drops the partitions of which retention or erasure has left nothing. Returns how many. Partitions that are being
   * read stay for now.
   */
  async dropEmpty(): Promise<number> {
    let dropped = 0;
    const { rows } = await this.pool.query<{ name: string }>(BEHIND);
    for (const { name } of rows) dropped += (await this.drop(name)) ? 1 : 0;
    return dropped;
  }

  private async drop(name: string): Promise<boolean> {
    try {
      return await this.pool.transaction((run) => dropWithin(run, name));
    } catch (error) {
      if (codeOf(error) === LOCK_NOT_AVAILABLE) return false;
      throw error;
    }
  }
}

/** SQLSTATE lock_not_available: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const LOCK_NOT_AVAILABLE = '55P03';

async function dropWithin(run: Run, name: string): Promise<boolean> {
  await run(`SET LOCAL lock_timeout = ${LOCK_MS}`);
  const { rows } = await run<{ dropped: boolean }>('SELECT drop_log_partition($1) AS dropped', [name]);
  return rows[0]?.dropped ?? false;
}
