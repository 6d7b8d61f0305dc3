import { DynamicModule, Global, Module } from '@nestjs/common';
import { DATABASE_URL } from './database-url.js';
import { PgPool } from './pg-pool.js';
import { AppendPool, BackgroundPool, ReadPool, ReaderPool, ReplayPool } from './pools.js';
import { PrismaService } from './prisma.service.js';
import { Traffic } from './traffic.js';

const PROVIDERS = [PrismaService, PgPool, AppendPool, BackgroundPool, ReaderPool, ReplayPool, ReadPool, Traffic];

@Global()
@Module({})
export class DatabaseModule {
  static forRoot(databaseUrl: string): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [{ provide: DATABASE_URL, useValue: databaseUrl }, ...PROVIDERS],
      exports: [DATABASE_URL, ...PROVIDERS],
    };
  }
}
