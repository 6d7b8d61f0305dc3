import { EventEmitter } from 'node:events';
import { type NatsConnection, connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { NatsSource } from '../../src/sources/broker/nats.source.js';
import { RedisSource } from '../../src/sources/broker/redis.source.js';
import type { Source } from '../../src/sources/source.js';
import { SourceSupervisor } from '../../src/sources/source-supervisor.js';
import { Broker, describeWithBroker, withBroker } from '../support/brokers.js';
import { CollectingSink } from '../support/collecting-sink.js';
import { createDatabase, query } from '../support/database.js';
import { type Publisher, jetStreamPublisher, redisStreamPublisher } from '../support/publishers.js';
import { longest, rounds } from '../support/rounds.js';
import { Installation } from '../support/server-process.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

/** An event that has no identity of its own: only the broker's can tell a repeat from a new one. */
const note = (agent: string, n: number) => ({ event: 'note.added', agent, callId: `c-${agent}`, n });
const entry = (agent: string, seq: number) => ({
  seq,
  ts: 1_700_000_000 + seq,
  call: `log-${agent}`,
  agent,
  type: 'call.note',
  ephemeral: false,
  data: { n: seq },
});

/** What each test has started, gone at its end, however that comes. */
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startBroker(kind: 'nats' | 'redis'): Promise<Broker> {
  const broker = await Broker.start(kind);
  cleanUps.push(() => broker.stop());
  return broker;
}

async function startBoard(variables: Record<string, string> = {}): Promise<Switchboard> {
  const board = await Switchboard.start(variables);
  cleanUps.push(() => board.stop());
  return board;
}

const logs = [
  { kind: 'nats', what: 'JetStream', entry: '/agents.events', publisher: jetStreamPublisher },
  { kind: 'redis', what: 'Redis Streams', entry: '/agents?group=sw', publisher: redisStreamPublisher },
] as const;

describe.each(logs.filter(({ kind }) => withBroker(kind)))('$what', ({ kind, entry: path, publisher: connectTo }) => {
  let broker: Broker;
  let publisher: Publisher;
  beforeEach(async () => {
    broker = await startBroker(kind);
    publisher = await connectTo(broker);
    cleanUps.push(() => publisher.close());
  });

  it('takes in wire objects, log envelopes and arrays in order; poison is passed over, and all is acknowledged', async () => {
    const agent = fresh('mara');
    // What was published before the first start is wanted, too.
    await publisher.publish(JSON.stringify(note(agent, 0)));
    const board = await startBoard({ SOURCES: broker.url + path });
    const bodies = [note(agent, 1), [note(agent, 2), 7, { event: 'error', agent }, note(agent, 3)], entry(agent, 4)];
    for (const body of ['no JSON', '[]', '"x"', ...bodies.map((one) => JSON.stringify(one)), '{'])
      await publisher.publish(body);
    await publisher.publish(JSON.stringify(note(agent, 5)));
    const seen = () =>
      query<{ n: number }>(board.databaseUrl, `SELECT (data::json->>'n')::int AS n FROM events ORDER BY position`);
    await waitFor(async () => (await seen()).length >= 6, 'the events');
    expect((await seen()).map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5]);
    await waitFor(async () => (await publisher.owed()) === 0, 'acknowledgements');
    expect(board.app.get(SourceSupervisor).status).toMatchObject([{ state: 'live', restarts: 0 }]);
  });

  it(
    'loses and doubles nothing, and keeps the order, when the process is killed in mid-flight',
    async () => {
      const database = await createDatabase();
      const home = await Installation.create({ DATABASE_URL: database.url, SOURCES: broker.url + path });
      cleanUps.push(
        () => database.drop(),
        () => home.remove(),
      );
      const agent = fresh('mara');
      let server = await home.start();
      let sent = 0;
      const stored = async () =>
        Number((await query<{ count: string }>(database.url, 'SELECT count(*) FROM events'))[0]?.count);
      for (let kill = 0; kill < rounds('SOURCE_KILLS', 1); kill++) {
        const before = await stored();
        const publishing = Array.from({ length: 2000 }, () => publisher.publish(JSON.stringify(note(agent, sent++))));
        await waitFor(async () => (await stored()) > before, 'events in the log');
        await server.kill9();
        await Promise.all(publishing);
        server = await home.start();
      }
      await waitFor(async () => (await stored()) >= sent, 'all events in the log');
      await waitFor(async () => (await publisher.owed()) === 0, 'acknowledgements');
      const rows = await query<{ n: number }>(
        database.url,
        `SELECT (data::json->>'n')::int AS n FROM events ORDER BY position`,
      );
      expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: sent }, (_, n) => n));
    },
    longest(),
  );

  it('says what the broker still has for it', async () => {
    const cursors = { load: () => Promise.resolve(new Map()), save: () => Promise.resolve() };
    const source: Source =
      kind === 'nats' ? new NatsSource(broker.url + path, cursors) : new RedisSource(broker.url + path);
    for (let n = 0; n < 3; n++) await publisher.publish(JSON.stringify(note('mara', n)));
    expect(source.upstreamBacklog).toBeUndefined();
    const [sink, stop] = [new CollectingSink(), new AbortController()];
    if (kind === 'nats') sink.fill();
    const running = source.run(sink, () => undefined, stop.signal);
    await waitFor(() => sink.events.length > 0, 'a first event');
    expect(source.upstreamBacklog).toBe(kind === 'nats' ? 2 : 3); // Behind the last message, of which there is one; as of when it began.
    stop.abort();
    sink.empty();
    await running;
  });

  it('goes on after the broker was wiped, and takes nothing new for a repeat', async () => {
    const agent = fresh('mara');
    const board = await startBoard({ SOURCES: broker.url + path });
    const count = async () => (await query(board.databaseUrl, 'SELECT FROM events')).length;
    for (let n = 0; n < 5; n++) await publisher.publish(JSON.stringify(note(agent, n)));
    await waitFor(async () => (await count()) === 5, 'the events before');
    await publisher.close();
    await broker.kill({ wipe: true });
    await broker.restart();
    publisher = await connectTo(broker);
    for (let n = 5; n < 10; n++) await publisher.publish(JSON.stringify(note(agent, n)));
    await waitFor(async () => (await count()) === 10, 'the events after');
  });

  it('is fed by the example’s publisher', async () => {
    const board = await startBoard({ SOURCES: broker.url + path });
    const pc = new EventEmitter();
    const example = (await import(`../../examples/publishers/${kind}.mjs`)) as Record<string, Publish>;
    const publish = example[kind === 'nats' ? 'publishToNats' : 'publishToRedis'] as Publish;
    const stop = await publish(pc, broker.url, kind === 'nats' ? 'agents.events' : 'agents');
    await speak(board, pc, async () => void (await stop()));
  });
});

/** By name: the examples have no types. */
const HTTP_EXAMPLE: string = '../../examples/publishers/http.mjs';

type Publish = (pc: EventEmitter, url: string, topic: string) => Promise<() => unknown>;

/** A call as the SDK's client tells it to its listeners, and what of it reaches a customer. */
async function speak(board: Switchboard, pc: EventEmitter, stop: () => Promise<void>): Promise<void> {
  const agent = fresh('mara');
  const { token } = await board.createTenant({ agents: [agent] });
  const reader = await board.open('/events', { token });
  await reader.untilType('log.caught_up');
  const call = { id: fresh('CA'), agent: { name: agent, _socket: {} }, from: '+34611111111', hangup: () => undefined };
  pc.emit('call.started', call);
  pc.emit('user.message', { messageId: 'm1', text: 'Hola' }, call);
  pc.emit('call.ended', call, 'hangup');
  await reader.untilType('call.ended');
  expect(reader.events.map(({ type, data }) => [type, data['callId'], data['text']])).toEqual([
    ['call.started', call.id, undefined],
    ['user.message', call.id, 'Hola'],
    ['call.ended', call.id, undefined],
  ]);
  await stop();
}

it('ingest is fed by the example’s publisher, also when it was away for a moment', async () => {
  const board = await startBoard();
  const { publishByHttp } = (await import(HTTP_EXAMPLE)) as {
    publishByHttp: (pc: EventEmitter, url: string, token: string) => () => Promise<void>;
  };
  const pc = new EventEmitter();
  const stop = publishByHttp(pc, board.url, board.adminToken);
  await speak(board, pc, stop);
});

describeWithBroker('nats', 'NATS without a stream', () => {
  it('takes in what is published while it listens', async () => {
    const broker = await startBroker('nats');
    const board = await startBoard({ SOURCES: `${broker.url}/agents.*` });
    const agent = fresh('mara');
    const connection: NatsConnection = await connect({ servers: broker.url });
    await waitFor(() => board.app.get(SourceSupervisor).status[0]?.state === 'live', 'the source');
    for (const n of [1, 2, 3]) connection.publish('agents.one', JSON.stringify(message(agent, 'c', n)));
    const count = async () => (await query(board.databaseUrl, 'SELECT FROM events')).length;
    await waitFor(async () => (await count()) === 3, 'the events');
    await connection.close();
  });
});

describeWithBroker('redis', 'a Redis channel', () => {
  it('is read with its own events only, and again after the server was away', async () => {
    const broker = await startBroker('redis');
    const board = await startBoard({ SOURCES: `${broker.url}/agents` });
    const agent = fresh('mara');
    const isLive = () => board.app.get(SourceSupervisor).status[0]?.state === 'live';
    const count = async () => (await query(board.databaseUrl, 'SELECT FROM events')).length;
    for (const round of [1, 2]) {
      await waitFor(isLive, 'the source');
      const redis = new Redis(broker.url);
      for (const n of [1, 2]) await redis.publish('agents', JSON.stringify(message(agent, 'c', `${round}-${n}`)));
      await redis.publish('others', JSON.stringify(message(agent, 'c', `${round}-3`)));
      await waitFor(async () => (await count()) === 2 * round, 'the events');
      redis.disconnect();
      await broker.kill();
      await waitFor(() => !isLive(), 'the source to notice');
      await broker.restart();
    }
  });
});
