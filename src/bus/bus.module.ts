import { Global, Module } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { DATABASE_URL } from '../database/database-url.js';
import { PgPool } from '../database/pg-pool.js';
import { Bus } from './bus.js';
import { NatsBus } from './nats.bus.js';
import { PostgresBus } from './postgres.bus.js';
import { RedisBus } from './redis.bus.js';

/** `BUS_URL` says which; NOTIFY needs nothing that is not there anyhow. */
function chooseBus({ busUrl }: Env, databaseUrl: string, pool: PgPool): Bus {
  if (busUrl === undefined) return new PostgresBus(databaseUrl, pool);
  return /^rediss?:/.test(busUrl) ? new RedisBus(busUrl, pool) : new NatsBus(busUrl, pool);
}

@Global()
@Module({
  providers: [{ provide: Bus, useFactory: chooseBus, inject: [ENV, DATABASE_URL, PgPool] }],
  exports: [Bus],
})
export class BusModule {}
