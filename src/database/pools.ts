/**
 * The other pools: separate connections for work that must not wait, and for work that others must not wait for. A
 * process has 24 in all, without the listener and the leases; docs/operations.md says so.
 */
import { Inject, Injectable } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { FairSlots, type FairSlotsOptions, PATIENT, type Patience } from '../common/fair-slots.js';
import type { TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { codeOf } from './database-errors.js';
import { DATABASE_URL } from './database-url.js';
import { type Prisma, PrismaClient } from './generated/client.js';
import { PgPool, type PoolLimits, type PoolUse } from './pg-pool.js';
import { Traffic } from './traffic.js';

/** For the append, one at a time, and its announcement to other processes. */
@Injectable()
export class AppendPool extends PgPool {
  /** A lock on the log that is held for longer is a fault: the sender is told to come again. */
  protected override get limits(): PoolLimits {
    return { name: 'switchboard-append', max: 2, min: 1, statementMs: 30_000 };
  }
}

/** Work for which nobody waits: the projection, retention. */
@Injectable()
export class BackgroundPool extends PgPool {
  protected override get limits(): PoolLimits {
    return { name: 'switchboard-background', max: 2, statementMs: 60_000 };
  }
}

/** Durable readers of tenants' logs (readers/): two connections read pages, one commits the result. */
@Injectable()
export class ReaderPool extends PgPool {
  protected override get limits(): PoolLimits {
    return { name: 'switchboard-readers', max: 3, statementMs: 30_000 };
  }
}

/**
 * How many requests of a tenant may wait, and for how long: a client that sends one request after another never has so
 * many.
 */
const LINE: Pick<FairSlotsOptions, 'line' | 'waitMs'> = { line: 32, waitMs: 5000 };

/**
 * Queries that customers may repeat without limit. Together they have so many connections; a tenant has a share of
 * them, and tenants take turns. A query that may take long first takes one of fewer slots, so that a connection is left
 * for the short ones. While events come in, its slot rests after each statement.
 */
@Injectable()
abstract class SharedPool extends PgPool {
  private readonly short = new FairSlots({ slots: this.limits.max, share: this.limits.max / 2, ...LINE });
  private readonly long = new FairSlots({
    slots: this.limits.max / 2,
    share: 1,
    rests: () => this.traffic.isBusy,
    ...LINE,
  });

  constructor(
    @Inject(DATABASE_URL) databaseUrl: string,
    protected readonly traffic: Traffic,
  ) {
    super(databaseUrl);
  }

  override get use(): PoolUse {
    const { waiting, ...use } = super.use;
    return { ...use, waiting: waiting + this.short.waiting + this.long.waiting };
  }

  /** Runs `work`, which queries this pool, for a tenant (null: the operator). Throws `rate-limited`, `unavailable`. */
  ask<Value>(tenantId: TenantId | null, work: () => Promise<Value>, patience: Patience): Promise<Value> {
    return this.short.run(tenantId ?? '', () => work().catch(explain), patience);
  }

  /** Like {@link ask}, for queries that may look through much. */
  askMuch<Value>(tenantId: TenantId | null, work: () => Promise<Value>, patience: Patience): Promise<Value> {
    return this.long.run(tenantId ?? '', () => this.ask(tenantId, work, PATIENT), patience);
  }
}

/** For customers' reads of the log. */
@Injectable()
export class ReplayPool extends SharedPool {
  private readonly answers = new FairSlots({ slots: 4, share: 1, rests: () => this.traffic.isBusy, ...LINE });

  override get use(): PoolUse {
    const { waiting, ...use } = super.use;
    return { ...use, waiting: waiting + this.answers.waiting };
  }

  /**
   * Makes an answer from several queries, a few answers at a time and one for each tenant: each may take some 16 MB and
   * 100 ms of a core.
   */
  answer<Value>(tenantId: TenantId, work: () => Promise<Value>, patience: Patience): Promise<Value> {
    return this.answers.run(tenantId, work, patience);
  }

  protected override get limits(): PoolLimits {
    return { name: 'switchboard-replay', max: 4, statementMs: 10_000 };
  }
}

/** For searches and counts of calls, and for lists of the tables that people manage. */
@Injectable()
export class ReadPool extends SharedPool {
  protected override get limits(): PoolLimits {
    return { name: 'switchboard-read', max: 4, statementMs: 10_000 };
  }

  private readonly tables = new PrismaClient({ adapter: new PrismaPg(this.pool) });

  /**
   * Like {@link ask}, for the tables of {@link PrismaService}, whose own connections are for changes: no list takes
   * one.
   */
  list<Value>(
    tenantId: TenantId | null,
    work: (tables: Prisma.TransactionClient) => Promise<Value>,
    patience: Patience,
  ): Promise<Value> {
    return this.ask(tenantId, () => work(this.tables), patience);
  }
}

/** SQLSTATE query_canceled: the pool's time limit. */
function explain(error: unknown): never {
  if (codeOf(error) === '57014')
    throw new Problem('unavailable', 'It took longer than a request may; ask for less: rarer words, a shorter time.');
  throw error;
}
