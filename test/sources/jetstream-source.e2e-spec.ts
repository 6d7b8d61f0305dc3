/**
 * What JetStream can be set to, and what becomes of it: streams and consumers of every kind, taken away, made anew, set
 * back.
 */
import {
  AckPolicy,
  type ConsumerConfig,
  type JetStreamManager,
  type StreamConfig,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type NatsConnection, connect } from '@nats-io/transport-node';
import { NatsSource } from '../../src/sources/broker/nats.source.js';
import type { Source } from '../../src/sources/source.js';
import { failure, follow, numbers, stopAll } from '../support/agent-sources.js';
import { Broker, describeWithBroker } from '../support/brokers.js';
import { HoldingSink, MemoryCursors } from '../support/call-log-harness.js';
import type { CollectingSink } from '../support/collecting-sink.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const note = (n: number) => JSON.stringify({ event: 'note.added', agent: 'mara', callId: 'c', n });
const identities = ({ events }: CollectingSink) => events.map(({ identity }) => JSON.stringify(identity));

describeWithBroker('nats', 'a JetStream source', () => {
  let broker: Broker;
  let connection: NatsConnection;
  let manager: JetStreamManager;
  let stream: string;
  let subject: string;
  let cursors: MemoryCursors;

  beforeAll(async () => {
    const user = (name: string, ...deny: string[]) =>
      `{user: ${name}, password: x, permissions: {publish: {deny: ${JSON.stringify(deny)}}}}`;
    broker = await Broker.start(
      'nats',
      undefined,
      `authorization { users = [{user: all, password: x}, ${user('asks', '$JS.API.>')},
        ${user('makes', '$JS.API.CONSUMER.CREATE.>', '$JS.API.CONSUMER.DURABLE.CREATE.>')}, ${user('acks', '$JS.ACK.>')},
        {user: least, password: x, permissions: {publish: ["$JS.API.STREAM.NAMES", "$JS.API.STREAM.INFO.>",
          "$JS.API.CONSUMER.INFO.>", "$JS.API.CONSUMER.CREATE.>", "$JS.API.CONSUMER.MSG.NEXT.>", "$JS.ACK.>"], subscribe: ["_INBOX.>"]}},
        {user: hears, password: x, permissions: {subscribe: {deny: ["core.>"]}}}] }`,
    );
    await open();
  });
  beforeEach(() => {
    stream = fresh('S');
    subject = `${stream}.events`;
    cursors = new MemoryCursors();
  });
  afterEach(stopAll);
  afterAll(async () => {
    await connection.close();
    await broker.stop();
  });

  const entry = (path: string, user = 'all') => broker.url.replace('//', `//${user}:x@`) + `/${path}`;
  const sourceOf = (path = subject, user?: string) => new NatsSource(entry(path, user), cursors, 20);
  const makeStream = (config: Partial<StreamConfig> = {}) =>
    manager.streams.add({ name: stream, subjects: [subject], ...config });
  const makeConsumer = (config: Partial<ConsumerConfig>) =>
    manager.consumers.add(stream, { durable_name: 'switchboard', ack_policy: AckPolicy.Explicit, ...config });
  const publish = async (...ns: number[]) => {
    for (const n of ns) await manager.jetstream().publish(subject, note(n));
  };
  const consumer = () => manager.consumers.info(stream, 'switchboard');

  async function open(): Promise<void> {
    connection = await connect({ servers: broker.url, user: 'all', pass: 'x' });
    manager = await jetstreamManager(connection);
  }

  /** As a process that is killed leaves it: it was given so many, and has acknowledged none. */
  async function leaveUnacknowledged(source: Source, count: number): Promise<void> {
    const run = await follow(source, new HoldingSink());
    await run.sink.until((events) => events.length === count);
    run.stop();
    await run.ended;
    expect((await consumer()).num_ack_pending).toBe(count);
  }

  it.each([
    ['limits', AckPolicy.Explicit],
    ['limits', AckPolicy.All],
    ['interest', AckPolicy.Explicit],
    ['workqueue', AckPolicy.Explicit],
  ] as const)(
    'with retention %s and acknowledgement %s, what a killed process had comes first',
    async (retention, ack_policy) => {
      await makeStream({ retention });
      const { created } = await makeConsumer({ ack_policy, filter_subject: subject });
      await publish(0, 1, 2);
      await leaveUnacknowledged(sourceOf(), 3);
      await publish(3, 4);
      const { sink } = await follow(sourceOf());
      await sink.until((events) => events.length >= 5);
      expect(numbers(sink.events)).toEqual([0, 1, 2, 3, 4]);
      await waitFor(async () => (await consumer()).num_ack_pending === 0, 'acknowledgements');
      expect((await consumer()).created).toBe(created); // With another one, "interest" would have lost what it was to have.
    },
  );

  it.each<[string, Partial<ConsumerConfig>, string]>([
    ['pushes', { deliver_subject: 'elsewhere' }, 'is a push consumer'],
    ['acknowledges by itself', { ack_policy: AckPolicy.None }, 'a crash would lose them'],
    ['gives up', { max_deliver: 3 }, 'gives a message up after 3 deliveries'],
    ['leaves out what was said', { headers_only: true }, 'leaves the bodies of the messages out'],
    ['reads something else', { filter_subject: 'other' }, 'reads other, and not'],
    ['reads more', {}, 'reads the whole stream, and not'],
  ])('a consumer that %s is not read, in plain words, and left as it is', async (_, config, words) => {
    await makeStream({ subjects: [`${stream}.*`, 'other'] });
    const { created } = await makeConsumer(config);
    await publish(1);
    const line = await failure(sourceOf());
    expect(line).toContain(`the consumer "switchboard" of the stream ${stream} `);
    expect(line).toContain(words);
    expect((await consumer()).created).toBe(created);
    await manager.streams.delete(stream);
  });

  it('a consumer with narrow limits is read within them', async () => {
    await makeStream();
    await makeConsumer({ max_batch: 2, max_ack_pending: 1, max_waiting: 2 });
    await publish(1, 2, 3, 4, 5);
    const { sink } = await follow(sourceOf());
    await sink.until((events) => events.length === 5);
  });

  it('the rights that docs/operations.md names are enough', async () => {
    await makeStream();
    await publish(1);
    const source = sourceOf(subject, 'least');
    await follow(source);
    await waitFor(async () => (await consumer()).ack_floor.stream_seq === 1, 'an acknowledgement');
    expect(source.trouble).toBeUndefined();
  });

  it.each<[user: string, words: string, query?: string]>([
    ['asks', 'Permissions Violation for Publish to "$JS.API.STREAM.NAMES"', '?durable=switchboard'],
    ['makes', 'Permissions Violation for Publish to "$JS.API.CONSUMER.CREATE.'],
  ])('without the right that user "%s" misses nothing is read, and it says so', async (user, words, query = '') => {
    await makeStream();
    expect(await failure(sourceOf(subject + query, user))).toContain(words);
  });

  it('where nobody counts on a stream, and none may be asked for, the subject is listened to, and that is said', async () => {
    const source = sourceOf(subject, 'asks');
    const { sink } = await follow(source);
    connection.publish(subject, note(1));
    await sink.until((events) => events.length === 1);
    expect(source.trouble).toContain(
      `we may not ask NATS whether a stream has ${subject}; without one what is published`,
    );
  });

  it('without the right to acknowledge, or to hear a subject, it says so', async () => {
    await makeStream();
    await publish(1);
    const source = sourceOf(subject, 'acks');
    await follow(source);
    await waitFor(() => source.trouble?.includes('Permissions Violation for Publish to "$JS.ACK.'), 'words');
    expect((await consumer()).num_ack_pending).toBe(1);
    const { ended } = await follow(sourceOf('core.x', 'hears')).catch((error: Error) => ({
      ended: Promise.reject(error),
    }));
    await expect(ended).rejects.toThrow('Permissions Violation for Subscription to "core.x"');
  });

  it('of several streams with parts of a subject one must be named, and a mirror can be', async () => {
    await makeStream();
    await manager.streams.add({ name: `${stream}b`, subjects: [`${stream}.other`] });
    await manager.streams.add({ name: `${stream}m`, mirror: { name: stream } });
    await publish(1);
    expect(await failure(sourceOf(`${stream}.*`))).toContain(`${stream}, ${stream}b; name one by ?stream=`);
    const named = sourceOf(`${stream}.*?stream=${stream}`);
    const { sink } = await follow(named);
    await sink.until((events) => events.length === 1);
    expect(named.trouble).toContain(`does not have all of ${stream}.*`);
    const mirror = await follow(sourceOf(`${subject}?stream=${stream}m`));
    await mirror.sink.until((events) => events.length === 1);
    expect(identities(mirror.sink)).toEqual(identities(sink)); // Who goes over to a mirror reads nothing twice.
  });

  it('a stream that was made anew, or is gone, is told from the one before', async () => {
    await makeStream();
    await publish(1, 2);
    const source = sourceOf();
    const before = await follow(source);
    await before.sink.until((events) => events.length === 2);
    await waitFor(() => cursors.rows.size > 0, 'a cursor');
    await manager.streams.delete(stream);
    await expect(before.ended).rejects.toThrow('is gone');
    const without = await follow(source);
    await waitFor(() => source.trouble?.includes('NATS has no stream for'), 'words');
    await makeStream();
    await publish(1, 2);
    await without.ended; // It has found the stream.
    const after = await follow(source);
    await after.sink.until((events) => events.length === 2);
    expect(new Set([...identities(before.sink), ...identities(after.sink)]).size).toBe(4);
    expect(source.trouble).toBeUndefined();
  });

  it('a consumer that was deleted is made anew, and only what had not been acknowledged is read', async () => {
    await makeStream();
    await publish(1, 2);
    const source = sourceOf();
    const { sink, ended } = await follow(source);
    await sink.until((events) => events.length === 2);
    await waitFor(() => cursors.rows.size > 0, 'a cursor');
    await manager.consumers.delete(stream, 'switchboard');
    await expect(ended).rejects.toThrow('or its consumer "switchboard" is gone');
    await publish(3);
    const after = await follow(source);
    await after.sink.until((events) => numbers(events).includes(3));
    // Clocks of servers may differ: what is younger than a minute is read again, and recognised.
    expect(identities(after.sink).slice(0, 2)).toEqual(identities(sink));
    expect((await consumer()).config.deliver_policy).toBe('by_start_time');
  });

  it('what was trimmed before it was read is counted and said', async () => {
    await makeStream({ max_msgs: 3 });
    const source = sourceOf();
    const { stop, sink } = await follow(source);
    await publish(1);
    await sink.until((events) => events.length === 1);
    stop();
    await waitFor(async () => (await consumer()).num_waiting === 0, 'the server to know that nobody waits');
    await publish(2, 3, 4, 5, 6, 7);
    const after = await follow(source);
    await after.sink.until((events) => events.length === 3);
    expect(numbers(after.sink.events)).toEqual([5, 6, 7]);
    expect(source.trouble).toContain('3 messages were lost: they were removed from the stream before they were read');
  });

  it('a server that is set back to an earlier disk gives old numbers to new messages: they are told apart', async () => {
    await makeStream();
    await publish(1, 2);
    const first = await follow(sourceOf());
    await first.sink.until((events) => events.length === 2);
    await connection.close();
    const putBack = await broker.backUp();
    await open();
    await publish(3, 4);
    const second = await follow(sourceOf());
    await second.sink.until((events) => numbers(events).includes(4));
    await connection.close();
    await putBack();
    await open();
    await publish(5, 6);
    const third = await follow(sourceOf());
    await third.sink.until((events) => numbers(events).includes(6));
    const newOnes = [second, third].flatMap(({ sink }) => sink.events.filter(({ data }) => Number(data['n']) > 2));
    expect(newOnes.map(({ identity }) => identity?.[1])).toEqual([3, 4, 3, 4]);
    expect(new Set(newOnes.map(({ identity }) => JSON.stringify(identity))).size).toBe(4);
  });
});
