/**
 * Events that agents elsewhere publish to Redis: `redis://host/channel` (Pub/Sub: messages that are published while
 * nobody listens are lost) or `redis://host/stream?group=name` (Streams: acknowledged after the commit).
 */
import { Logger } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import { endRedis } from '../../bus/end-redis.js';
import { childOf, unlessAborted } from '../../common/waiting.js';
import { connectionFault } from '../connection-fault.js';
import { LossySink } from '../lossy-sink.js';
import { EventSink, InvalidSource, Source } from '../source.js';
import { readBrokerAddress } from './broker-address.js';
import { MessageIntake } from './message-intake.js';
import { LostMessages } from './lost-messages.js';
import { RedisStreamReader } from './redis-stream-reader.js';

/** How often the server is asked whether it still answers, and what it has for us. */
const PING_MS = 10_000;
const COMMAND_MS = 10_000;
const CONNECT_MS = 5000;
const NO_REDIS = 'what listens there does not answer as Redis does, or wants TLS (rediss://)';
const GROUP = /^[\x21-\x7e]{1,64}$/;
const PATTERN = /[*?[]/;

export class RedisSource implements Source {
  readonly name: string;
  readonly once = true;
  private readonly topic: string;
  private readonly group: string | undefined;
  private readonly options: RedisOptions;
  private stream: RedisStreamReader | undefined;
  private readonly lost: LostMessages;
  /** This process has read the group before. */
  private hadGroup = false;

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
      host: url.hostname,
      port: Number(url.port || 6379),
      db: Number(database),
      ...(username === '' ? {} : { username }),
      ...(password === '' ? {} : { password }),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
      lazyConnect: true,
      enableOfflineQueue: false,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_MS,
      commandTimeout: COMMAND_MS,
      connectionName: 'switchboard',
    };
    this.lost = new LostMessages(this.name);
  }

  get trouble(): string | undefined {
    return this.lost.words;
  }

  /** As of the last {@link PING_MS}. */
  get upstreamBacklog(): number | undefined {
    return this.stream?.backlog;
  }

  async run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void> {
    // One connection waits for entries; the other acknowledges them.
    const [reader, teller] = [new Redis(this.options), new Redis(this.options)];
    const clients = [reader, teller];
    this.stream = undefined;
    const { controller, release } = childOf(signal);
    const lost = new Promise<never>((_, reject) => {
      for (const client of clients) {
        client.on('error', (error) => reject(connectionFault(error)));
        let wasReady = false;
        client.once('ready', () => (wasReady = true));
        client.once('end', () => reject(new Error(wasReady ? 'the connection to Redis was lost' : NO_REDIS)));
      }
    });
    lost.catch(() => controller.abort());
    const beat = setInterval(() => void this.look(teller).catch(() => endRedis(teller)), PING_MS);
    try {
      await unlessAborted(Promise.race([lost, Promise.all(clients.map((client) => client.connect()))]), signal);
      if (signal.aborted) return;
      await teller.ping();
      await Promise.race([lost, this.read({ reader, teller }, sink, live, controller.signal)]);
    } catch (error) {
      if (!signal.aborted) throw faultOf(error, this.topic);
    } finally {
      clearInterval(beat);
      release();
      controller.abort();
      for (const client of clients) endRedis(client);
    }
  }

  private async read(
    { reader, teller }: { readonly reader: Redis; readonly teller: Redis },
    sink: EventSink,
    live: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { topic, group, name: source, lost } = this;
    if (group === undefined)
      return this.listen(reader, new MessageIntake(source, new LossySink(source, sink)), live, signal);
    const stream = new RedisStreamReader({ reader, teller, topic, group, source, lost });
    this.stream = stream;
    if ((await stream.prepare()) && this.hadGroup)
      new Logger('Sources').warn(`${source}: the group was gone and is made anew; what went with its stream is lost`);
    this.hadGroup = true;
    await stream.read(new MessageIntake(source, sink), live, signal);
  }

  private async look(client: Redis): Promise<void> {
    await client.ping();
    await this.stream?.look();
  }

  /** Pub/Sub: the server cuts a client that does not keep up. */
  private async listen(reader: Redis, intake: MessageIntake, live: () => void, signal: AbortSignal): Promise<void> {
    const take = (text: string) => {
      intake.take(text).catch(() => undefined); // The source was told to stop: its signal says so too.
    };
    reader.on('message', (_: string, text: string) => take(text));
    reader.on('pmessage', (_: string, __: string, text: string) => take(text));
    await (PATTERN.test(this.topic) ? reader.psubscribe(this.topic) : reader.subscribe(this.topic));
    live();
    await unlessAborted(new Promise<never>(() => undefined), signal);
  }
}

/** Redis's answer, in our words where its own need some. Others are passed on: they name the command, never a value. */
function faultOf(error: unknown, topic: string): Error {
  const said = error instanceof Error ? error.message : String(error);
  const words = ANSWERS.find(([answer]) => answer.test(said))?.[1];
  if (words !== undefined)
    return new Error(
      words.replace('%', () => topic),
      { cause: error },
    );
  return error instanceof Error ? error : new Error(said);
}

const ANSWERS: readonly (readonly [RegExp, string])[] = [
  [/^WRONGTYPE/, 'the key % is no stream, but something else'],
  [/^READONLY/, 'this Redis server is a read-only replica: name the primary'],
  [/^(NOGROUP|UNBLOCKED)/, 'the stream % or its group is gone: it is made anew'],
  [/^MOVED/, 'this Redis server is part of a cluster, and another one of it has %'],
  [/^ERR unknown command/i, 'this Redis server is too old: streams need 6.2 or newer'],
];
