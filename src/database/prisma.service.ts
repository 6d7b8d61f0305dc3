import { Inject, Injectable, OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.js';
import { DATABASE_URL } from './database-url.js';

/** Tables that people manage: tenants, agents, tokens, keys. The event log speaks SQL through {@link PgPool}. */
@Injectable()
export class PrismaService extends PrismaClient implements OnApplicationShutdown {
  constructor(@Inject(DATABASE_URL) databaseUrl: string) {
    super({
      adapter: new PrismaPg({ connectionString: databaseUrl, max: 5, connectionTimeoutMillis: 5000 }),
      transactionOptions: { maxWait: 5000, timeout: 30_000 },
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.$disconnect();
  }
}
