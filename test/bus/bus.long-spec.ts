import { randomInt } from 'node:crypto';
import { BatchAssembler, type Batch, type Part, splitBatch } from '../../src/bus/batch-parts.js';
import { Bus, type BusEvent, type BusMessage } from '../../src/bus/bus.js';
import { CallsProjection } from '../../src/calls/projection/calls.projection.js';
import { EventLog } from '../../src/events/log/event-log.js';
import { EventTail } from '../../src/events/live/event-tail.js';
import { Broker, type BrokerKind, withBroker } from '../support/brokers.js';
import type { StreamReader } from '../support/stream-reader.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message, word } from '../support/things.js';
import { longest, rounds } from '../support/rounds.js';
import { waitFor } from '../support/wait-for.js';

const event = (position: number, tenantId: string | null, size = 10, ephemeral = false): BusEvent => ({
  type: 'user.message',
  agent: 'mara',
  callId: 'c',
  at: '2026-01-01T00:00:00.000Z',
  seq: position,
  position,
  data: JSON.stringify({ text: 'ü"'.repeat(size) }),
  ephemeral,
  tenantId,
});

describe('a batch that goes out in parts', () => {
  const tenants = ['acme', 'globex', null, 'initech'];
  const batchOf = (count: number, size: () => number): Batch => ({
    kind: 'appended',
    first: 1,
    last: count,
    complete: true,
    events: Array.from({ length: count }, (_, at) => event(at + 1, tenants[randomInt(4)] ?? null, size())),
  });

  it('comes together as it was, in texts that the broker takes', () => {
    for (let round = 0; round < 50; round++) {
      const batch = batchOf(randomInt(1, 60), () => randomInt(400));
      const { carried, announcement } = splitBatch(batch, 4096);
      expect(Math.max(...carried.map(({ text }) => Buffer.byteLength(text)))).toBeLessThanOrEqual(4096);
      const assembler = new BatchAssembler();
      for (const { text } of carried) assembler.take('p', JSON.parse(text) as Part, text.length);
      expect(announcement && assembler.announced('p', announcement, () => true)).toEqual(batch);
    }
  });

  it('is incomplete for who lacks a part of what it follows, whole for others, and repeats change nothing', () => {
    const batch = batchOf(60, () => 100);
    const { carried, announcement } = splitBatch(batch, 2048);
    for (const [lost, { tenantId }] of carried.entries()) {
      const assembler = new BatchAssembler();
      for (const [index, { text }] of carried.entries())
        if (index !== lost) for (const _ of [1, 2]) assembler.take('p', JSON.parse(text) as Part, text.length);
      const follower = announcement && assembler.announced('p', announcement, (one) => one === tenantId);
      expect(follower).toMatchObject({ complete: false, first: 1, last: 60 });
    }
    const nobody = announcement && new BatchAssembler().announced('p', announcement, () => false);
    expect(nobody).toEqual({ kind: 'appended', first: 1, last: 60, complete: true, events: [] });
  });

  it('sends who follows a tenant to the log when one of its events is too long, and nobody else', () => {
    const batch: Batch = {
      kind: 'appended',
      first: 1,
      last: 2,
      complete: true,
      events: [event(1, 'acme', 5000), event(2, 'globex')],
    };
    const { carried, announcement } = splitBatch(batch, 4096);
    const assembler = new BatchAssembler();
    for (const { text } of carried) assembler.take('p', JSON.parse(text) as Part, text.length);
    expect(announcement?.parts).toEqual([
      ['acme', null],
      ['globex', 1],
    ]);
    expect(announcement && assembler.announced('p', announcement, (one) => one === 'acme')?.complete).toBe(false);
  });
});

describe.each((['nats', 'redis'] as BrokerKind[]).filter((kind) => withBroker(kind)))('the bus over %s', (kind) => {
  let broker: Broker;
  let one: Switchboard;
  let two: Switchboard;
  beforeAll(async () => {
    broker = await Broker.start(kind);
    one = await Switchboard.start({ BUS_URL: broker.url });
    two = await one.beside({ BUS_URL: broker.url });
    // What it reads of the log is not what the tail reads.
    await two.app.get(CallsProjection).onModuleDestroy();
    for (const board of [one, two]) await waitFor(() => board.app.get(Bus).connected, 'the bus');
  });
  afterAll(async () => {
    await two.stop();
    await one.stop();
    await broker.stop();
  });

  /** What process two hears of appends while `work` is done, and how often it reads the log. */
  async function heardDuring(work: () => Promise<void>): Promise<{ heard: Batch[]; reads: number }> {
    const heard: Batch[] = [];
    const listening = two.app.get(Bus).messages.subscribe((one: BusMessage) => {
      if (one.kind === 'appended') heard.push(one);
    });
    const log = two.app.get(EventLog);
    const read = log.readAcrossTenants.bind(log);
    let reads = 0;
    log.readAcrossTenants = (...args) => {
      reads += 1;
      return read(...args);
    };
    await work();
    const [ahead, behind] = [one, two].map((board) => board.app.get(EventTail));
    await waitFor(() => ahead?.position === behind?.position, 'the same position');
    listening.unsubscribe();
    log.readAcrossTenants = read;
    return { heard, reads };
  }

  it('brings a process the events of tenants that it has readers of, and of no other', async () => {
    const [mara, bill] = [fresh('mara'), fresh('bill')];
    const acme = await one.createTenant({ agents: [mara] });
    await one.createTenant({ agents: [bill] });
    const feed = async () => {
      await one.ingest(
        message(mara, fresh('c'), 1),
        message(bill, fresh('c'), 1),
        message(fresh('nobody'), fresh('c'), 1),
      );
    };
    const without = await heardDuring(feed);
    expect(without.heard).toEqual([expect.objectContaining({ complete: true, events: [] })]);
    expect(without.reads).toBe(0);
    const reader = await two.open('/events', { token: acme.token });
    await reader.untilType('log.caught_up');
    await heardDuring(feed); // The subscription may take effect behind this one's announcement.
    const followed = await heardDuring(feed);
    expect(followed.heard.flatMap(({ events }) => events.map(({ agent }) => agent))).toEqual([mara]);
    expect(followed.reads).toBe(0);
    const admin = await two.open('/v1/admin/events', { token: one.adminToken });
    await admin.untilType('log.caught_up');
    await heardDuring(feed);
    const all = await heardDuring(feed);
    expect(all.heard.flatMap(({ events }) => events.map(({ agent }) => agent))).toHaveLength(3);
    expect(all.reads).toBe(0);
    for (const each of [reader, admin]) each.close();
    await waitFor(
      async () => (await heardDuring(feed)).heard.every(({ events }) => events.length === 0),
      'no followers',
    );
    expect(reader.events.map(({ id }) => Number(id))).toEqual(reader.events.map((_, at) => at + 2));
  });

  it('has the broker itself leave out what a process has no reader of', async () => {
    const [mara, bill] = [fresh('mara'), fresh('bill')];
    const acme = await one.createTenant({ agents: [mara] });
    const globex = await one.createTenant({ agents: [bill] });
    await one.ingest(message(mara, `of-${mara}`, 0), message(bill, `of-${bill}`, 0));
    const reader = await two.open('/events', { token: acme.token });
    await reader.untilType('log.caught_up');
    const say = async (agent: string) => {
      for (let count = 0; count < 20; count++) await one.ingest(word(agent, `of-${agent}`, `word ${count}`));
    };
    await waitFor(async () => (await say(mara), reader.of('bot.word').length > 0), 'the subscription');
    await say(bill);
    expect(await broker.subscriptionsTo(acme.id)).toBe(1);
    expect(await broker.subscriptionsTo(globex.id)).toBe(0);
    const late = await two.open('/events', { token: globex.token });
    await late.untilType('log.caught_up');
    await waitFor(async () => (await say(bill), late.of('bot.word').length > 0), 'its own reader');
    expect(await broker.subscriptionsTo(globex.id)).toBe(1);
    late.close();
    await waitFor(async () => (await broker.subscriptionsTo(globex.id)) === 0, 'nobody again');
    reader.close();
  });

  it('brings batches that are larger than the broker’s messages', async () => {
    const agent = fresh('mara');
    const { token } = await one.createTenant({ agents: [agent] });
    const reader = await two.open('/events', { token });
    await reader.untilType('log.caught_up');
    const text = '"'.repeat(30_000);
    await heardDuring(() => one.ingest({ ...message(agent, 'big', 0), text }));
    const { heard } = await heardDuring(() =>
      one.ingest(...Array.from({ length: 20 }, (_, at) => ({ ...message(agent, 'big', at + 1), text }))),
    );
    await reader.untilType('user.message', 21);
    expect(reader.events.map(({ id }) => Number(id))).toEqual(Array.from({ length: 21 }, (_, at) => at + 1));
    expect(heard[0]?.events).toHaveLength(20);
  });

  it(
    'loses and repeats nothing when it is killed, wiped and started again under load, and events are late by 2 s at most',
    async () => {
      const agent = fresh('mara');
      const { token } = await one.createTenant({ agents: [agent] });
      const readers = await Promise.all([one, two].map((board) => board.open('/events', { token })));
      for (const reader of readers) await reader.untilType('log.caught_up');
      const sentAt: number[] = [];
      const load = new Load(one, two, agent, sentAt);
      const seenAt = readers.map((reader) => watch(reader));
      for (let round = 0; round < rounds('BUS_KILLS', 2); round++) {
        await load.until(sentAt.length + 20);
        await broker.kill({ wipe: true });
        await load.until(sentAt.length + 20);
        await broker.restart();
        await waitFor(() => [one, two].every((board) => board.app.get(Bus).connected), 'the bus again');
      }
      await load.finish();
      for (const [index, reader] of readers.entries()) {
        await reader.untilType('user.message', sentAt.length);
        expect(reader.events.map(({ id }) => Number(id))).toEqual(sentAt.map((_, at) => at + 1));
        await waitFor(() => seenAt[index]?.size === sentAt.length, 'the last to be seen');
        const delays = sentAt.map((at, n) => (seenAt[index]?.get(n) ?? Infinity) - at);
        expect(Math.max(...delays)).toBeLessThan(3000); // 2 s, and what a busy machine adds.
      }
      // Words go by the bus alone: they do so again.
      const reader = readers[1] as StreamReader;
      await waitFor(async () => {
        await one.ingest(word(agent, 'words', 'a'));
        return reader.of('bot.word').length > 0;
      }, 'a word');
    },
    longest(),
  );
});

/**
 * Sends a numbered event now here, now there, until told to finish. It does so at a pace, because what is measured is
 * how late each event is, not how many get through.
 */
class Load {
  private stopped = false;
  private readonly working: Promise<void>;

  constructor(
    private readonly one: Switchboard,
    private readonly two: Switchboard,
    private readonly agent: string,
    private readonly sentAt: number[],
  ) {
    this.working = this.work();
  }

  until(count: number): Promise<true> {
    return waitFor(() => this.sentAt.length >= count, `${count} events`);
  }

  async finish(): Promise<void> {
    this.stopped = true;
    await this.working;
  }

  private async work(): Promise<void> {
    while (!this.stopped) {
      const n = this.sentAt.push(Date.now()) - 1;
      await (n % 2 === 0 ? this.one : this.two).ingest(message(this.agent, `c${n % 5}`, n));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** When each numbered event was first seen. */
function watch(reader: StreamReader): Map<number, number> {
  const seenAt = new Map<number, number>();
  let taken = 0;
  const timer = setInterval(() => {
    for (const { type, data } of reader.frames.slice(taken))
      if (type === 'user.message') seenAt.set(Number(String(data['messageId']).slice(1)), Date.now());
    taken = reader.frames.length;
    if (reader.ended) clearInterval(timer);
  }, 20);
  return seenAt;
}
