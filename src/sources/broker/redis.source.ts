/**
 * Events that agents elsewhere publish to Redis: `redis://host/channel` (Pub/Sub: what is published while nobody listens is gone)
 * or `redis://host/stream?group=name` (Streams: acknowledged after the commit).
 */
import { Redis, type RedisOptions } from 'ioredis';
import { endRedis } from '../../bus/end-redis.js';
import { childOf } from '../pinecall/waiting.js';
import { connectionFault, unlessAborted } from '../pinecall/agent-wire.js';
import { LossySink } from '../lossy-sink.js';
import { EventSink, InvalidSource, Source } from '../source.js';
import { readBrokerAddress } from './broker-address.js';
import { MessageIntake } from './message-intake.js';
import { createGroup, readRedisStream } from './redis-stream-reader.js';

/** Whether the server still answers, and what it has for us, is asked this often. */
const PING_MS = 10_000;
const COMMAND_MS = 10_000;
const GROUP = /^[\x21-\x7e]{1,64}$/;
const PATTERN = /[*?[]/;

export class RedisSource implements Source {
  readonly name: string;
  readonly once = true;
  private readonly topic: string;
  private readonly group: string | undefined;
  private readonly options: RedisOptions;
  private backlog: number | undefined;

  /** Throws {@link InvalidSource}. */
  constructor(entry: string) {
    const { url, topic, name } = readBrokerAddress(
      entry,
      'redis://host:6379/channel or redis://host:6379/stream?group=name',
    );
    const [group, database] = [url.searchParams.get('group'), url.searchParams.get('db') ?? '0'];
    if (group !== null && !GROUP.test(group))
      throw new InvalidSource('SOURCES: group must be 1–64 visible ASCII characters');
    if (!/^\d{1,4}$/.test(database)) throw new InvalidSource('SOURCES: db must be the number of a Redis database');
    this.name = group === null ? name : `${name}?group=${group}`;
    this.topic = topic;
    this.group = group ?? undefined;
    const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    this.options = {
      ...{ host: url.hostname, port: Number(url.port || 6379), db: Number(database) },
      ...(username === '' ? {} : { username }),
      ...(password === '' ? {} : { password }),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
      ...{ lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null, maxRetriesPerRequest: 0 },
      ...{ connectTimeout: 5000, commandTimeout: COMMAND_MS, connectionName: 'switchboard' },
    };
  }

  /** As of the last {@link PING_MS}. */
  get upstreamBacklog(): number | undefined {
    return this.backlog;
  }

  async run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void> {
    // One that waits for what comes, one that says what was taken in.
    const [reader, teller] = [new Redis(this.options), new Redis(this.options)];
    const clients = [reader, teller];
    const { controller, release } = childOf(signal);
    const lost = new Promise<never>((_, reject) => {
      for (const client of clients) {
        client.on('error', (error) => reject(connectionFault(error)));
        client.once('end', () => reject(new Error('the connection to Redis was lost')));
      }
    });
    lost.catch(() => controller.abort());
    const beat = setInterval(() => void this.look(teller).catch(() => endRedis(teller)), PING_MS);
    try {
      await Promise.race([lost, Promise.all(clients.map((client) => client.connect()))]);
      const { topic, group } = this;
      if (group !== undefined) await createGroup(teller, topic, group);
      await this.look(teller);
      const reading =
        group === undefined
          ? this.listen(reader, new MessageIntake(this.name, new LossySink(this.name, sink)), live, controller.signal)
          : readRedisStream(
              { reader, teller, topic, group, source: this.name },
              new MessageIntake(this.name, sink),
              live,
              controller.signal,
            );
      await Promise.race([lost, reading]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      clearInterval(beat);
      release();
      controller.abort();
      for (const client of clients) endRedis(client);
    }
  }

  private async look(client: Redis): Promise<void> {
    await client.ping();
    if (this.group !== undefined) this.backlog = await backlogOf(client, this.topic, this.group);
  }

  /** Pub/Sub: the server cuts who does not keep up. */
  private async listen(reader: Redis, intake: MessageIntake, live: () => void, signal: AbortSignal): Promise<void> {
    const take = (text: string) => {
      intake.take(text).catch(() => undefined); // Told to stop: its signal says so too.
    };
    reader.on('message', (_: string, text: string) => take(text));
    reader.on('pmessage', (_: string, __: string, text: string) => take(text));
    await (PATTERN.test(this.topic) ? reader.psubscribe(this.topic) : reader.subscribe(this.topic));
    live();
    await unlessAborted(new Promise<never>(() => undefined), signal);
  }
}

/** Entries that the group has not been given yet: https://redis.io/docs/latest/commands/xinfo-groups/. Redis 7 and newer say so. */
async function backlogOf(client: Redis, stream: string, group: string): Promise<number | undefined> {
  const groups = (await client.xinfo('GROUPS', stream).catch(() => [])) as unknown[][]; // There is no stream yet.
  const ours = groups.find((fields) => fields[fields.indexOf('name') + 1] === group);
  const lag = ours?.[ours.indexOf('lag') + 1];
  return typeof lag === 'number' ? lag : undefined;
}
