/**
 * What becomes of a Redis stream that is trimmed, taken away, made anew or set back, and of a user who may not do
 * everything.
 */
import { Redis } from 'ioredis';
import { RedisSource } from '../../src/sources/broker/redis.source.js';
import { SourceSupervisor } from '../../src/sources/source-supervisor.js';
import { failure, follow, numbers, stopAll } from '../support/agent-sources.js';
import { Broker, describeWithBroker } from '../support/brokers.js';
import { HoldingSink } from '../support/call-log-harness.js';
import { query } from '../support/database.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const note = (n: number) => JSON.stringify({ event: 'note.added', agent: 'mara', callId: 'c', n });

describeWithBroker('redis', 'a Redis stream', () => {
  let broker: Broker;
  let redis: Redis;
  let topic: string;
  let board: Switchboard | undefined;

  beforeAll(async () => {
    broker = await Broker.start('redis');
    redis = new Redis(broker.url);
  });
  beforeEach(() => (topic = fresh('agents')));
  afterEach(async () => {
    await stopAll();
    await board?.stop();
    board = undefined;
  });
  afterAll(async () => {
    redis.disconnect();
    await broker.stop();
  });

  const entry = (user = '') => `${broker.url.replace('//', `//${user}`)}/${topic}?group=sw`;
  const sourceOf = (user?: string) => new RedisSource(entry(user));
  const add = async (...ns: number[]) => {
    for (const n of ns) await redis.xadd(topic, `${n}-1`, 'event', note(n));
  };

  async function startBoard(): Promise<{ stored: (count: number) => Promise<number[]> }> {
    const started = await Switchboard.start({ SOURCES: entry() });
    board = started;
    const rows = () =>
      query<{ n: number }>(started.databaseUrl, `SELECT (data::json->>'n')::int AS n FROM events ORDER BY position`);
    return {
      stored: async (count) => {
        await waitFor(async () => (await rows()).length >= count, `${count} events`);
        await waitFor(async () => (await redis.xpending(topic, 'sw'))[0] === 0, 'acknowledgements');
        return (await rows()).map(({ n }) => n);
      },
    };
  }

  it.each([
    ['deleted', () => redis.del(topic)],
    ['flushed with all others', () => redis.flushall()],
  ])('that was %s and counts from the same ids again is taken for another', async (_, remove) => {
    const { stored } = await startBoard();
    await add(1, 2);
    expect(await stored(2)).toEqual([1, 2]);
    await remove();
    await redis.xadd(topic, '1-1', 'event', note(3));
    await redis.xadd(topic, '2-1', 'event', note(4));
    await redis.xadd(topic, '3-1', 'event', note(5));
    expect(await stored(5)).toEqual([1, 2, 3, 4, 5]);
    expect(board?.app.get(SourceSupervisor).status[0]).toMatchObject({ state: 'live', error: null });
  });

  it('whose group was destroyed is read again, and nothing is stored twice', async () => {
    const { stored } = await startBoard();
    await add(1, 2);
    await stored(2);
    await redis.xgroup('DESTROY', topic, 'sw');
    await add(3);
    expect(await stored(3)).toEqual([1, 2, 3]);
  });

  it('on a server that goes back to an earlier disk loses what comes then by no old id', async () => {
    const own = await Broker.start('redis');
    const connected = () => new Redis(own.url);
    const started = await Switchboard.start({ SOURCES: `${own.url}/${topic}?group=sw` });
    board = started;
    const rows = async () => (await query(started.databaseUrl, 'SELECT FROM events')).length;
    const say = async (id: number, n: number) => {
      const client = connected();
      await client.xadd(topic, `${id}-1`, 'event', note(n));
      client.disconnect();
    };
    try {
      await say(1, 1);
      await waitFor(async () => (await rows()) === 1, 'the first');
      const putBack = await own.backUp();
      await say(2, 2);
      await waitFor(async () => (await rows()) === 2, 'the second');
      await putBack();
      await say(2, 3);
      await waitFor(async () => (await rows()) === 3, 'the third, under the id of the second');
    } finally {
      await own.stop();
    }
  });

  it('that was trimmed past us says how much was lost, unread or not known to be stored', async () => {
    const source = sourceOf();
    const first = await follow(source, new HoldingSink());
    await add(1, 2);
    await first.sink.until((events) => events.length === 2);
    first.stop();
    await first.ended;
    await add(3, 4, 5, 6, 7);
    await redis.xtrim(topic, 'MAXLEN', '=', 3);
    const { sink } = await follow(source);
    await sink.until((events) => events.length === 3);
    expect(numbers(sink.events)).toEqual([5, 6, 7]);
    expect(source.trouble).toMatch(/^4 messages were lost: they /); // Two unread, two of which nobody knows.
  });

  it.each([
    ['xautoclaim', 'xautoclaim'],
    ['xreadgroup', 'xreadgroup'],
    ['xgroup', 'xgroup|create'],
    ['xack', 'xack'],
    ['ping', 'ping'],
  ])('a user who may not %s is told so', async (command, named) => {
    await add(1);
    await redis.call('ACL', 'SETUSER', 'limited', 'reset', 'on', '>x', '~*', '&*', '+@all', `-${command}`);
    const source = sourceOf('limited:x@');
    const run = follow(source).then(({ ended }) => ended);
    await expect(run).rejects.toThrow(new RegExp(`NOPERM.*'${named.replace('|', '.')}'`));
  });

  it('a user who may not hear a channel, a key of another type, and a replica that may only be read say so', async () => {
    await redis.call('ACL', 'SETUSER', 'limited', 'reset', 'on', '>x', '~*', '+@all', 'resetchannels');
    const channel = new RedisSource(entry('limited:x@').replace('?group=sw', ''));
    expect(await failure(channel)).toContain('NOPERM');
    await redis.set(topic, 'a text');
    expect(await failure(sourceOf())).toBe(`the key ${topic} is no stream, but something else`);
    await redis.del(topic);
    await redis.replicaof('127.0.0.1', 1);
    expect(await failure(sourceOf())).toBe('this Redis server is a read-only replica: name the primary');
    await redis.replicaof('NO', 'ONE');
  });
});
