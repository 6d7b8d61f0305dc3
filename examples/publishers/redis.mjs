// An agent's side of SOURCES=redis://host:6379/agents?group=switchboard; `publish(channel, …)` instead for one without `group`.
import { Redis } from 'ioredis';
import { TYPES, wireEvent } from './wire.mjs';

export async function publishToRedis(pc, url = 'redis://127.0.0.1:6379', stream = 'agents') {
  const redis = new Redis(url);
  const publish = (event) => redis.xadd(stream, 'MAXLEN', '~', 1_000_000, '*', 'event', JSON.stringify(event));
  for (const type of TYPES) pc.on(type, (...args) => publish(wireEvent(type, ...args)).catch(console.error));
  return () => redis.quit();
}
