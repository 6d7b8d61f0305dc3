/**
 * Redis Pub/Sub as the bus: https://redis.io/docs/latest/develop/pubsub/. `redis://user:password@host:6379`,
 * `rediss://…`.
 */
import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { PgPool } from '../database/pg-pool.js';
import type { BrokerLink, Hear } from './broker-link.js';
import { BrokerBus } from './broker.bus.js';
import { endRedis } from './end-redis.js';

/** Redis accepts 512 MB, but a large message delays those behind it. */
const MAX_BYTES = 512 * 1024;
const CONNECT_MS = 2000;
/** How often the server is asked whether it still answers, and how long it has. Together less than 5 s. */
const PING_MS = 1500;
const ANSWER_MS = 2500;

@Injectable()
export class RedisBus extends BrokerBus {
  readonly kind = 'redis';

  constructor(
    private readonly url: string,
    pool: PgPool,
  ) {
    super(pool);
  }

  protected override async connect(hear: Hear): Promise<BrokerLink> {
    // A connection that subscribes can do nothing else, so there are two. If one is lost, both are replaced.
    const faults: Error[] = [];
    const [listener, talker] = [this.client(faults), this.client(faults)];
    const clients = [listener, talker];
    const end = () => clients.forEach(endRedis);
    const lost = Promise.race(clients.map((client) => new Promise<void>((resolve) => client.once('end', resolve))));
    try {
      await Promise.all(clients.map((client) => client.connect()));
    } catch (error) {
      end();
      throw faults[0] ?? error; // The rejection says only that there is no connection.
    }
    listener.on('message', hear);
    listener.on('pmessage', (pattern: string, _: string, text: string) => hear(pattern, text));
    const beat = setInterval(() => void Promise.all(clients.map((client) => client.ping())).catch(end), PING_MS);
    void lost.then(() => {
      clearInterval(beat);
      end();
    });
    const ignore = () => undefined; // The connection is lost, and reports that itself.
    return {
      maxBytes: MAX_BYTES,
      subscribe: (subject) => {
        (subject.endsWith('*') ? listener.psubscribe(subject) : listener.subscribe(subject)).catch(ignore);
      },
      unsubscribe: (subject) => {
        (subject.endsWith('*') ? listener.punsubscribe(subject) : listener.unsubscribe(subject)).catch(ignore);
      },
      publish: (subject, text) => {
        talker.publish(subject, text).catch(ignore);
      },
      flush: async () => void (await Promise.all(clients.map((client) => client.ping()))),
      lost,
      close: async () => {
        end();
        await lost;
      },
    };
  }

  /** Its errors are added to `faults`. */
  private client(faults: Error[]): Redis {
    const client = new Redis(this.url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_MS,
      commandTimeout: ANSWER_MS,
      connectionName: 'switchboard-bus',
      enableReadyCheck: false,
    });
    client.on('error', (error) => void (faults.length === 0 && faults.push(error)));
    return client;
  }
}
