/** A log of a broker as the tests publish to it, whichever it is. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import type { Broker } from './brokers.js';

export interface Publisher {
  publish(text: string): Promise<void>;
  /** What the source was given and has not acknowledged yet, or was not given. */
  owed(): Promise<number>;
  close(): Promise<void>;
}

/** To the subject `agents.events`. */
export async function jetStreamPublisher(broker: Broker): Promise<Publisher> {
  const connection = await connect({ servers: broker.url });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'AGENTS', subjects: ['agents.>'] });
  const stream = manager.jetstream();
  return {
    publish: async (text) => void (await stream.publish('agents.events', text)),
    owed: async () => {
      const info = await manager.consumers.info('AGENTS', 'switchboard').catch(() => undefined);
      return info ? info.num_pending + info.num_ack_pending : Infinity;
    },
    close: () => connection.close(),
  };
}

/** To the stream `agents`. */
export function redisStreamPublisher(broker: Broker): Promise<Publisher> {
  const redis = new Redis(broker.url);
  return Promise.resolve({
    publish: async (text) => void (await redis.xadd('agents', '*', 'event', text)),
    owed: async () => {
      const groups = (await redis.xinfo('GROUPS', 'agents').catch(() => [])) as (string | number)[][];
      const field = (name: string) => Number(groups[0]?.[groups[0].indexOf(name) + 1]);
      return groups.length === 0 ? Infinity : field('pending') + field('lag');
    },
    close: async () => void (await redis.quit()),
  });
}
