import { Inject, Injectable, OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import { FairSlots, type Patience } from '../common/fair-slots.js';
import type { TenantId } from '../common/ids.js';
import { PrismaClient } from './generated/client.js';
import { DATABASE_URL } from './database-url.js';
import { type PoolUse, connectPool, useOf } from './pg-pool.js';
import { schemaOf } from './schema.js';

/** The longest that a change, and so any statement of it, may take. */
const TRANSACTION_MS = 30_000;

/** Connections in all, and how many of them tenants' own changes may take: the others are kept for revoking rights. */
const [CONNECTIONS, OF_TENANTS] = [5, 3];
/** As many as a tenant may have at a time (http/answers.ts). */
const LINE = 100;

/**
 * Changes of the tables that people manage: tenants, agents, tokens, keys. Pure reads use {@link ReadPool}. The event
 * log speaks SQL through {@link PgPool}.
 */
@Injectable()
export class PrismaService extends PrismaClient implements OnApplicationShutdown {
  private readonly connections: pg.Pool;
  private readonly turns = new FairSlots({ slots: OF_TENANTS, share: 2, line: LINE, waitMs: 5000 });

  constructor(@Inject(DATABASE_URL) databaseUrl: string) {
    const pool = connectPool(databaseUrl, {
      name: 'switchboard-manage',
      max: CONNECTIONS,
      statementMs: TRANSACTION_MS,
    });
    super({
      adapter: new PrismaPg(pool, { disposeExternalPool: true, ...schemaOf(databaseUrl) }),
      transactionOptions: { maxWait: 5000, timeout: TRANSACTION_MS },
    });
    this.connections = pool;
  }

  get use(): PoolUse {
    const { waiting, ...use } = useOf(this.connections);
    return { ...use, waiting: waiting + this.turns.waiting };
  }

  /** For changes that a tenant itself may repeat without limit. Throws `rate-limited`, `unavailable`. */
  inTurn<Value>(tenantId: TenantId, work: () => Promise<Value>, patience: Patience): Promise<Value> {
    return this.turns.run(tenantId, work, patience);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.$disconnect();
  }
}
