/**
 * Positions never go back, though the database may: a backup that is restored knows fewer events than readers have seen, and
 * would give their numbers to others. So the log remembers which database it was written in. Where it finds itself in another one
 * (restored from a dump or a base backup, copied, failed over) all numbers go on far beyond those that were ever given, and a
 * cursor from before meets `log.gap`. What a look cannot tell (a disk that was set back), {@link resume} is told.
 *
 * Where they go on: at 100 numbers a millisecond since 1970. A log that takes fewer than 100,000 events a second, three times what
 * ours was seen to take, stays behind that clock, however often and from whichever backup it is restored.
 */
import { Injectable, Logger, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { AuditLog, SYSTEM } from '../audit/audit-log.js';
import { takeAppendLock } from '../database/append-lock.js';
import { PgPool } from '../database/pg-pool.js';
import { PrismaService } from '../database/prisma.service.js';

/** A failover goes unnoticed for no longer. */
const LOOK_MS = 1000;

/**
 * Which database this is: the cluster, its timeline (another one after every recovery from an archive and every promotion), the
 * database in it, and the table (another one when a dump was restored in place).
 */
const CURRENT = `concat_ws('/', (SELECT system_identifier FROM pg_control_system()), left(pg_walfile_name(pg_current_wal_lsn()), 8),
  (SELECT oid FROM pg_database WHERE datname = current_database()), 'log_head'::regclass::oid)`;
const IDENTIFY = `SELECT database, ${CURRENT} AS current FROM log_lineage WHERE id = 1`;
/** Not granted, not there: some hosted databases. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNSUPPORTED = ['42501', '42883', '0A000'];

interface Lineage {
  database: string | null;
  resumed_after: bigint;
  clock: bigint;
}

interface Identity {
  /** Where the log was written; null: nobody has looked yet. */
  readonly database: string | null;
  /** Where it is now. */
  readonly current: string;
}

@Injectable()
export class LogLineage implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Log');
  private timer: NodeJS.Timeout | undefined;
  private isLooking = false;
  private isBlind = false;

  constructor(
    private readonly pool: PgPool,
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  /** Before anything reads the log or writes to it. */
  async onModuleInit(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => void this.lookAgain(), LOOK_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Numbers up to it may once have been given to other events; 0: the log was never restored. */
  async resumedAfter(): Promise<number> {
    const text = 'SELECT resumed_after FROM log_lineage WHERE id = 1';
    const { rows } = await this.pool.query<{ resumed_after: number }>(text);
    return rows[0]?.resumed_after ?? 0;
  }

  /** Lets all numbers go on where none was given before; returns the number after which. */
  async resume(): Promise<number> {
    const identity = await this.identify();
    return this.goOn(identity?.current ?? null);
  }

  private async lookAgain(): Promise<void> {
    if (this.isLooking || this.isBlind) return;
    this.isLooking = true;
    await this.look().catch(() => undefined); // The database is away: looked at when it is back.
    this.isLooking = false;
  }

  private async look(): Promise<void> {
    const identity = await this.identify();
    if (identity === undefined || identity.database === identity.current) return;
    const { database, current } = identity;
    if (database === null)
      await this.pool.query('UPDATE log_lineage SET database = $1 WHERE id = 1 AND database IS NULL', [current]);
    else await this.goOn(current, database);
  }

  /** Undefined where the database does not say. */
  private async identify(): Promise<Identity | undefined> {
    try {
      return (await this.pool.query<Identity>(IDENTIFY)).rows[0];
    } catch (error) {
      if (!UNSUPPORTED.includes((error as { code?: string }).code ?? '')) throw error;
      this.isBlind = true;
      this.logger.warn('this database does not tell that it was restored: run "npm run restored" after a restore');
      return undefined;
    }
  }

  /** With `from`: unless another process was quicker. */
  private async goOn(current: string | null, from?: string): Promise<number> {
    const [after, isOurs] = await this.prisma.$transaction(async (transaction) => {
      const position = await takeAppendLock(transaction);
      const [lineage] = await transaction.$queryRaw<Lineage[]>`
        SELECT database, resumed_after, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint * 100 AS clock
        FROM log_lineage WHERE id = 1`;
      if (lineage === undefined) throw new Error('the log has no lineage');
      const { database, resumed_after: known, clock } = lineage;
      if (from !== undefined && database !== from) return [Number(known), false];
      if (clock <= position) throw new Error('the clock of the database server is behind the log: set it right');
      await transaction.$executeRaw`UPDATE log_head SET position = ${clock} WHERE id = 1`;
      await transaction.$executeRaw`UPDATE tenant_heads SET seq = ${clock}, incarnation = gen_random_uuid()`;
      await transaction.$executeRaw`UPDATE log_lineage SET resumed_after = ${clock}, database = ${current} WHERE id = 1`;
      const change = { before: { position: Number(position) }, after: { position: Number(clock) }, books: [] };
      await this.audit.record(transaction, SYSTEM, { action: 'log.resume', target: 'log', ...change });
      return [Number(clock), true];
    });
    if (isOurs) this.logger.warn(`the log was restored: numbers go on after ${after}, older cursors are told log.gap`);
    return after;
  }
}
