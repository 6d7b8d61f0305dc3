/**
 * How far sources have read their upstream's logs; written only after the commit of what was read (security rule 13).
 * What is loaded is bounded by the calls in progress. A finished call is looked up if its upstream names it again, and
 * forgotten when that can no longer happen. If it is named even then, it is read again, and the log recognises the
 * repeats by their keys.
 */
import { Injectable, Logger, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { moment } from '../common/moment.js';
import { PrismaService } from '../database/prisma.service.js';
import { Interval } from '../common/waiting.js';

/** Finished calls are forgotten after this time, far longer than a voice server keeps its logs. */
const KEEP_DAYS = 90;
const EXPIRE_EVERY_MS = 3600_000;
/** Rows deleted at once. */
const BATCH = 1000;

export interface SourcePosition {
  readonly cursor: number;
  readonly done: boolean;
}

@Injectable()
export class SourceCursors implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Sources');
  private readonly expiring = new Interval(EXPIRE_EVERY_MS, () =>
    this.expire().catch((error: Error) => this.logger.warn(`later: ${error.message}`)),
  );

  constructor(private readonly prisma: PrismaService) {}

  onApplicationBootstrap(): void {
    this.expiring.start();
  }

  onApplicationShutdown(): void {
    this.expiring.stop();
  }

  /** All rows except those of finished calls. */
  async load(source: string): Promise<ReadonlyMap<string, SourcePosition>> {
    const rows = await this.prisma.$queryRaw<{ log: string; cursor: bigint; done: boolean }[]>`
      SELECT log, cursor, done FROM source_cursors WHERE source = ${source} AND (NOT done OR log NOT LIKE 'call:%')`;
    return new Map(rows.map(({ log, cursor, done }) => [log, { cursor: Number(cursor), done }]));
  }

  async find(source: string, log: string): Promise<SourcePosition | undefined> {
    const row = await this.prisma.sourceCursor.findUnique({ where: { source_log: { source, log } } });
    return row === null ? undefined : { cursor: Number(row.cursor), done: row.done };
  }

  async save(source: string, log: string, cursor: number, done: boolean): Promise<void> {
    const position = { cursor: BigInt(cursor), done, updatedAt: moment() };
    await this.prisma.sourceCursor.upsert({
      where: { source_log: { source, log } },
      create: { source, log, ...position },
      update: position,
    });
  }

  /** Forgets calls that ended long ago, batch by batch. Safe beside other processes that do the same. */
  async expire(): Promise<void> {
    for (let gone = BATCH; gone === BATCH;)
      gone = await this.prisma.$executeRaw`DELETE FROM source_cursors WHERE (source, log) IN (
        SELECT source, log FROM source_cursors WHERE done AND log LIKE 'call:%'
          AND updated_at < now() - ${KEEP_DAYS} * interval '24 hours' ORDER BY updated_at LIMIT ${BATCH})`;
  }
}
