import { Inject, Injectable, OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import { PrismaClient } from './generated/client.js';
import { DATABASE_URL } from './database-url.js';
import { type PoolUse, connectPool, useOf } from './pg-pool.js';

/** Longest that a change may take, and so any statement of it. */
const TRANSACTION_MS = 30_000;

/** Tables that people manage: tenants, agents, tokens, keys. The event log speaks SQL through {@link PgPool}. */
@Injectable()
export class PrismaService extends PrismaClient implements OnApplicationShutdown {
  private readonly connections: pg.Pool;

  constructor(@Inject(DATABASE_URL) databaseUrl: string) {
    const pool = connectPool(databaseUrl, { name: 'switchboard-manage', max: 5, statementMs: TRANSACTION_MS });
    super({
      adapter: new PrismaPg(pool, { disposeExternalPool: true }),
      transactionOptions: { maxWait: 5000, timeout: TRANSACTION_MS },
    });
    this.connections = pool;
  }

  get use(): PoolUse {
    return useOf(this.connections);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.$disconnect();
  }
}
