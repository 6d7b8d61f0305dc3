/**
 * Marks where in the log types, agents and tenants occur. A filter that lets few events through then finds them instead
 * of searching the log. Marking works behind the log, a whole chunk of numbers at a time; appends do not depend on it.
 * Any process may do it, but only one at a time for the same log. A part that is not marked yet is searched, so an
 * older database can be read while it is being marked.
 */
import { Injectable, Logger, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { Backoff } from '../../common/backoff.js';
import { pause, untilStopped } from '../../common/waiting.js';
import { BackgroundPool } from '../../database/pools.js';
import { Traffic } from '../../database/traffic.js';

/** How often the logs' ends are looked at. */
const EVERY_MS = 10_000;
/** While events come in, marking rests this many times as long as it worked. */
const REST_FACTOR = 4;
/** Logs that are listed at a time. */
const LOGS = 100;
/** How often marks of expired events are removed. */
const SWEEP_MS = 6 * 3_600_000;

const DUE = `SELECT '' AS log FROM log_head h LEFT JOIN log_marked m ON m.tenant_id = ''
  WHERE h.id = 1 AND h.position >= coalesce(m.until, 0) + 4096
  UNION ALL (SELECT h.tenant_id FROM tenant_heads h LEFT JOIN log_marked m USING (tenant_id)
  WHERE h.seq >= coalesce(m.until, 0) + 4096 LIMIT ${LOGS})`;
const SWEEP = `WITH begins AS (SELECT tenant_id, expired_until / 4096 AS chunk FROM tenant_heads
    UNION ALL SELECT '', (SELECT (position - 1) / 4096 FROM events ORDER BY position LIMIT 1))
  DELETE FROM log_marks m USING begins b WHERE m.tenant_id = b.tenant_id AND m.chunk < b.chunk`;

@Injectable()
export class LogMarks implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('LogMarks');
  private readonly abort = new AbortController();
  private readonly backoff = new Backoff({ firstMs: 1000, maxMs: 60_000 });
  private running: Promise<void> | undefined;
  private sweptAt = performance.now();

  constructor(
    private readonly pool: BackgroundPool,
    private readonly traffic: Traffic,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.abort.abort();
    await untilStopped(this.running);
  }

  private get stopped(): boolean {
    return this.abort.signal.aborted;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const restMs = await this.round().catch((error: unknown) => {
        if (!this.stopped) this.logger.warn(`marking failed, trying again: ${(error as Error).message}`);
        return this.backoff.nextMs();
      });
      await pause(restMs, this.abort.signal);
    }
  }

  /** Marks the complete chunks of all logs, one chunk of each log in turn. */
  private async round(): Promise<number> {
    for (let isWorth = true; isWorth && !this.stopped;) {
      const { rows } = await this.pool.query<{ log: string }>(DUE);
      isWorth = false;
      for (const { log } of rows) isWorth = (!this.stopped && (await this.mark(log))) || isWorth;
    }
    if (performance.now() - this.sweptAt > SWEEP_MS) {
      await this.pool.query(SWEEP);
      this.sweptAt = performance.now();
    }
    this.backoff.reset();
    return EVERY_MS;
  }

  /** False if there was nothing to do. */
  private async mark(log: string): Promise<boolean> {
    const begunAt = performance.now();
    const { rows } = await this.pool.query<{ marked: boolean }>('SELECT mark_log($1) AS marked', [log]);
    if (this.traffic.isBusy) await pause(REST_FACTOR * (performance.now() - begunAt), this.abort.signal);
    return rows[0]?.marked ?? false;
  }
}
