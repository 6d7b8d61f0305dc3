import { DynamicModule, Global, Module } from '@nestjs/common';
import { DATABASE_URL } from './database-url.js';
import { PgPool, ReadPool } from './pg-pool.js';
import { PrismaService } from './prisma.service.js';

@Global()
@Module({})
export class DatabaseModule {
  static forRoot(databaseUrl: string): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [{ provide: DATABASE_URL, useValue: databaseUrl }, PrismaService, PgPool, ReadPool],
      exports: [DATABASE_URL, PrismaService, PgPool, ReadPool],
    };
  }
}
