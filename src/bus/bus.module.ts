import { Global, Module } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { DATABASE_URL } from '../database/database-url.js';
import { AppendPool } from '../database/pools.js';
import { Bus } from './bus.js';
import { Leases } from './leases.js';
import { PostgresBus } from './postgres.bus.js';

/** `BUS_URL` names the bus; NOTIFY needs nothing but the database. A broker's client is loaded only if it is used. */
async function chooseBus({ busUrl }: Env, databaseUrl: string, pool: AppendPool): Promise<Bus> {
  if (busUrl === undefined) return new PostgresBus(databaseUrl, pool);
  if (/^rediss?:/.test(busUrl)) {
    const { RedisBus } = await import('./redis.bus.js');
    return new RedisBus(busUrl, pool);
  }
  const { NatsBus } = await import('./nats.bus.js');
  return new NatsBus(busUrl, pool);
}

@Global()
@Module({
  providers: [{ provide: Bus, useFactory: chooseBus, inject: [ENV, DATABASE_URL, AppendPool] }, Leases],
  exports: [Bus, Leases],
})
export class BusModule {}
