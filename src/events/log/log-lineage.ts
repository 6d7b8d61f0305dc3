/**
 * Positions never go back, though the database may. A restored backup knows fewer events than readers have seen, and
 * would give their numbers to others. So the log remembers in which database it was written. If it finds itself in
 * another one (restored from a dump or a base backup, copied, failed over), all numbers go on far beyond those that
 * were ever given, and a cursor from before meets `log.gap`. {@link resume} is for the operator to report what a look
 * cannot see (a disk that was set back).
 *
 * Numbers go on at 100 a millisecond since 1970. A log that takes fewer than 100,000 events a second, three times what
 * ours was seen to take, stays behind that clock, however often and from whichever backup it is restored.
 * docs/protocol.md, section 6.5, promises this to clients.
 */
import { Injectable, Logger, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { AuditLog, SYSTEM } from '../../audit/audit-log.js';
import { takeAppendLock } from '../../database/append-lock.js';
import { DatabaseUnreachable, codeOf } from '../../database/database-errors.js';
import { PgPool, type Run } from '../../database/pg-pool.js';
import { AppendPool } from '../../database/pools.js';
import { PrismaService } from '../../database/prisma.service.js';
import { Interval } from '../../common/waiting.js';

/**
 * How often a log that has not moved is looked at: it may be restored in place. A failover is found in another way,
 * before anything is written: each new connection of the log is checked before it is used.
 */
const LOOK_MS = 1000;

/**
 * Identifies this database: the cluster, its timeline (it changes after every recovery from an archive and every
 * promotion), the database in the cluster, and the table (it changes when a dump is restored in place). NULL on a
 * standby, where the log must not be written.
 */
const currentOf = (cluster: string) => `CASE WHEN NOT pg_is_in_recovery() THEN
  concat_ws('/', ${cluster}, left(pg_walfile_name(pg_current_wal_lsn()), 8),
    (SELECT oid FROM pg_database WHERE datname = current_database()), 'log_head'::regclass::oid) END`;
const SEEING = currentOf('(SELECT system_identifier FROM pg_control_system())');
/** For a cluster that does not identify itself: the name that the log knows already, or one that we give it. */
const BLIND = currentOf(`coalesce(split_part(database, '/', 1), gen_random_uuid()::text)`);
/** Not granted, or not there: some hosted databases. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNSUPPORTED = ['42501', '42883', '0A000'];

const STANDBY = Object.assign(new Error('the server is a standby'), { code: 'STANDBY' });

interface Lineage {
  database: string | null;
  current: string;
  resumed_after: bigint;
  clock: bigint;
}

interface Identity {
  /** Where the log was written; null: nobody has looked yet. */
  readonly database: string | null;
  /** Where it is now; null: on a standby. */
  readonly current: string | null;
}

@Injectable()
export class LogLineage implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Log');
  private readonly looking = new Interval(LOOK_MS, () => this.lookAgain());
  private isLooking = false;
  /**
   * True when the cluster does not identify itself. Then a restore into another cluster goes unnoticed, a failover does
   * not.
   */
  private isBlind = false;

  constructor(
    private readonly pool: PgPool,
    private readonly appends: AppendPool,
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  /** This runs before anything reads the log or writes to it. */
  async onModuleInit(): Promise<void> {
    for (const pool of [this.appends, this.pool]) pool.checkConnections((run) => this.look(run));
    await this.look((text, values) => this.pool.query(text, values));
    this.looking.start();
  }

  onApplicationShutdown(): void {
    this.looking.stop();
  }

  /** Numbers up to this one may have been given to other events before; 0: the log was never restored. */
  async resumedAfter(): Promise<number> {
    const text = 'SELECT resumed_after FROM log_lineage WHERE id = 1';
    const { rows } = await this.pool.query<{ resumed_after: number }>(text);
    return rows[0]?.resumed_after ?? 0;
  }

  /** Lets all numbers go on where none was given before. Returns the number after which they go on. */
  async resume(): Promise<number> {
    await this.identify((text) => this.pool.query(text));
    return this.goOn();
  }

  private async lookAgain(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    await this.look((text, values) => this.pool.query(text, values)).catch(() => undefined); // The database is away: looked at when it is back.
    this.isLooking = false;
  }

  /** Rejects when the log must not be used in this state. */
  private async look(run: Run): Promise<void> {
    const { database, current } = await this.identify(run);
    if (current === null) throw new DatabaseUnreachable(STANDBY);
    if (database === current) return;
    if (database === null)
      await run('UPDATE log_lineage SET database = $1 WHERE id = 1 AND database IS NULL', [current]);
    else await this.goOn(database);
  }

  private async identify(run: Run): Promise<Identity> {
    const { isBlind } = this; // Another connection may find it out meanwhile.
    try {
      const [identity] = (await run<Identity>(this.question)).rows;
      if (identity === undefined) throw new Error('the log has no lineage');
      return identity;
    } catch (error) {
      if (isBlind || !UNSUPPORTED.includes(codeOf(error) ?? '')) throw error;
      if (!this.isBlind)
        this.logger.warn('this database does not tell that it was restored: run "npm run restored" after a restore');
      this.isBlind = true;
      return this.identify(run);
    }
  }

  private get question(): string {
    return `SELECT database, ${this.isBlind ? BLIND : SEEING} AS current FROM log_lineage WHERE id = 1`;
  }

  /** With `from`: does nothing if another process was quicker. */
  private async goOn(from?: string): Promise<number> {
    const [after, isOurs] = await this.prisma.$transaction(async (transaction) => {
      const position = await takeAppendLock(transaction);
      // The database is identified again: this is another connection, and may lead elsewhere.
      const [lineage] = await transaction.$queryRawUnsafe<Lineage[]>(`SELECT database, resumed_after,
        ${this.isBlind ? BLIND : SEEING} AS current, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint * 100 AS clock
        FROM log_lineage WHERE id = 1`);
      if (lineage === undefined) throw new Error('the log has no lineage');
      const { database, current, resumed_after: known, clock } = lineage;
      if (from !== undefined && (database !== from || database === current)) return [Number(known), false];
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
