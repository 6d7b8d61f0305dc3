import { Inject, Injectable, OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.js';
import { DATABASE_URL } from './database-url.js';
import { type PoolUse, useOf } from './pg-pool.js';

/** Tables that people manage: tenants, agents, tokens, keys. The event log speaks SQL through {@link PgPool}. */
@Injectable()
export class PrismaService extends PrismaClient implements OnApplicationShutdown {
  private readonly connections: pg.Pool;

  constructor(@Inject(DATABASE_URL) databaseUrl: string) {
    const pool = new pg.Pool({
      ...{ connectionString: databaseUrl, max: 5, connectionTimeoutMillis: 5000 },
      application_name: 'switchboard-manage',
    });
    super({
      adapter: new PrismaPg(pool, { disposeExternalPool: true }),
      transactionOptions: { maxWait: 5000, timeout: 30_000 },
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
