import { once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Response } from 'express';
import { NEVER, Subject } from 'rxjs';
import { Collected } from '../../src/common/collected.js';
import { PATIENT, type Patience } from '../../src/common/fair-slots.js';
import type { AgentName, CallId, TenantId } from '../../src/common/ids.js';
import { Semaphore } from '../../src/common/semaphore.js';
import { Chunk, TENANT_NUMBERING } from '../../src/events/live/frame.js';
import { CallPositions, deliveriesOf, Delivery, SeenCalls } from '../../src/events/live/delivery.js';
import type { EventFilter } from '../../src/events/log/event-filter.js';
import type { RecentlyErased } from '../../src/events/log/recently-erased.js';
import type { LoggedEvent } from '../../src/events/log/event.js';
import { LogPages, PAGE_EVENTS } from '../../src/events/streams/log-pages.js';
import type { LogReader, PageBounds } from '../../src/events/log/log-reader.js';
import { Outlet } from '../../src/events/streams/outlet.js';

const event = (position: number, ephemeral = false, length = 1): LoggedEvent => ({
  type: 'user.message',
  agent: 'mara' as AgentName,
  callId: 'c' as CallId,
  tenantId: 'acme' as TenantId,
  at: '2026-01-01T00:00:00.000Z',
  data: `{"text":"${'ü'.repeat(length)}"}`,
  ephemeral,
  position,
  seq: ephemeral ? null : position,
});
const idsIn = (delivery: Delivery | undefined) => delivery?.events.map(({ position }) => position);

describe('a chunk', () => {
  it('is a whole one of an HTTP/1.1 body, counted in bytes, and the frames alone without a copy', () => {
    const chunk = new Chunk('data: "ü"\n\n');
    expect(chunk.bytes.toString()).toBe('c\r\ndata: "ü"\n\n\r\n');
    expect(chunk.frames.toString()).toBe('data: "ü"\n\n');
    expect(chunk.frames.buffer).toBe(chunk.bytes.buffer);
  });
});

describe('a delivery', () => {
  it('is one for a whole burst, framed once, and several only where it is large', () => {
    const burst = [event(1), event(1, true), event(2)];
    const [delivery, ...more] = deliveriesOf(TENANT_NUMBERING, burst);
    expect(more).toEqual([]);
    expect(delivery?.chunk).toBe(delivery?.chunk);
    expect(delivery?.chunk.frames.toString().match(/event: /g)).toHaveLength(3);
    const large = Array.from({ length: 5 }, (_, index) => event(index + 1, false, 20_000));
    expect(deliveriesOf(TENANT_NUMBERING, large).map(idsIn)).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('gives who has seen part of it the rest, and no ephemeral event that would overtake one of its own call', () => {
    const other = { ...event(4, true), callId: 'other' as CallId };
    const delivery = new Delivery(TENANT_NUMBERING, [event(4, true), other, event(5), event(5, true), event(6)]);
    const seenUntil = (position: number, before = 0) => {
      const calls = new CallPositions();
      calls.add(event(position));
      return new SeenCalls(before, calls);
    };
    expect(delivery.newTo(4)).toBe(delivery);
    expect(delivery.newTo(4, seenUntil(4))).toBe(delivery);
    expect(delivery.newTo(5, seenUntil(5))?.events).toEqual([other, event(5, true), event(6)]);
    expect(delivery.newTo(6, seenUntil(6))?.events).toEqual([other]);
    // What is older than the piece before the last: nobody knows what of its call was in it.
    expect(delivery.newTo(6, seenUntil(6, 5))).toBeUndefined();
  });
});

describe('pages of a backlog', () => {
  /** A log of so many events that counts its reads and answers when it is let. */
  function logOf(count: number) {
    const reads: number[] = [];
    const pending: (() => void)[] = [];
    const log = {
      read: async (_: TenantId, after: number, { limit }: PageBounds, __: EventFilter, { until }: Patience) => {
        until.throwIfAborted();
        reads.push(after);
        await new Promise<void>((resolve) => pending.push(resolve));
        const events = Array.from({ length: Math.max(0, Math.min(limit, count - after)) }, (_, index) =>
          event(after + index + 1),
        );
        return { events, isEnd: events.length < limit };
      },
    };
    const answer = async () => {
      for (const resolve of pending.splice(0)) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    };
    const erasures = new Subject<void>();
    const erased = { revision: 0, erasures };
    const erase = () => {
      erased.revision += 1;
      erasures.next();
    };
    return {
      pages: new LogPages(log as unknown as LogReader, erased as unknown as RecentlyErased),
      reads,
      answer,
      erase,
    };
  }

  const { until } = PATIENT;

  it('are read once for all who stand near, and a full one is kept for who comes later', async () => {
    const { pages, reads, answer } = logOf(3 * PAGE_EVENTS);
    const readers = [0, 10, PAGE_EVENTS - 1].map((seq) => pages.after('acme' as TenantId, 'one', seq, 0, until));
    await new Promise((resolve) => setImmediate(resolve));
    await answer();
    const [first, second] = await Promise.all(readers);
    expect(first).toBe(second);
    expect(reads).toEqual([0]);
    expect(await pages.after('acme' as TenantId, 'one', 5, 0, until)).toBe(first);
    expect(first?.piecesAfter(10)[0]?.chunkAfter(10).frames.toString()).toMatch(/^event: user\.message\nid: 11\n/);
  });

  it('are not read for those who have all left before their turn; who comes then gets one of its own', async () => {
    const { pages, reads, answer } = logOf(3 * PAGE_EVENTS);
    const [early, leaving, too] = [new AbortController(), new AbortController(), new AbortController()];
    const ask = (one: AbortController) => pages.after('acme' as TenantId, 'one', 0, 0, one.signal);
    const first = ask(early);
    await new Promise((resolve) => setImmediate(resolve));
    const others = [leaving, too].map((one) => ask(one).catch((error: Error) => error.message));
    leaving.abort(new Error('gone'));
    too.abort(new Error('gone, too'));
    const late = ask(early);
    await answer();
    await first;
    expect(await Promise.all(others)).toEqual(['gone, too', 'gone, too']);
    await answer();
    await late;
    expect(reads).toEqual([0, 0]);
  });

  it('of another incarnation of the log are others, though the tenant has the same name', async () => {
    const { pages, reads, answer } = logOf(PAGE_EVENTS);
    for (const incarnation of ['one', 'two']) {
      const page = pages.after('acme' as TenantId, incarnation, 0, 0, until);
      await new Promise((resolve) => setImmediate(resolve));
      await answer();
      await page;
    }
    expect(reads).toEqual([0, 0]);
  });

  it('that were read before a call was erased are not given to who comes later', async () => {
    const { pages, reads, answer, erase } = logOf(PAGE_EVENTS);
    const read = async (meanwhile = () => undefined as void) => {
      const page = pages.after('acme' as TenantId, 'one', 0, 0, until);
      await new Promise((resolve) => setImmediate(resolve));
      meanwhile();
      await answer();
      await page;
    };
    await read();
    await read();
    expect(reads).toEqual([0]);
    erase();
    await read(erase); // During the read: what it brings is not kept either.
    await read();
    expect(reads).toEqual([0, 0, 0]);
  });

  it('at the end of the log are never older than the question: who asks during a read gets the next one', async () => {
    const { pages, reads, answer } = logOf(10);
    const early = pages.after('acme' as TenantId, 'one', 5, 0, until);
    await new Promise((resolve) => setImmediate(resolve));
    const late = [
      pages.after('acme' as TenantId, 'one', 5, 0, until),
      pages.after('acme' as TenantId, 'one', 6, 0, until),
    ];
    await answer();
    await early;
    expect(reads).toEqual([0, 0]);
    await answer();
    expect((await late[0])?.reachesEnd).toBe(true);
    expect(await late[0]).toBe(await late[1]);
    expect(await early).not.toBe(await late[0]);
  });
});

describe('look-ups that are made together', () => {
  it('collect for a turn and while a round is under way, and are answered as of after the question', async () => {
    const rounds: string[][] = [];
    const collected = new Collected<string, number>(async (keys) => {
      rounds.push([...keys]);
      await new Promise((resolve) => setImmediate(resolve));
      return new Map(keys.map((key) => [key, rounds.length]));
    });
    const first = [collected.get('a'), collected.get('a')];
    await new Promise((resolve) => process.nextTick(resolve)); // Another connection's, in the same turn.
    first.push(collected.get('b'));
    await new Promise((resolve) => setImmediate(resolve));
    const during = collected.get('a');
    expect(await Promise.all([...first, during])).toEqual([1, 1, 1, 2]);
    expect(rounds).toEqual([['a', 'b'], ['a']]);
  });

  it('fail alone: the next round goes on', async () => {
    let fails = true;
    const collected = new Collected<string, number>((keys) =>
      fails ? Promise.reject(new Error('away')) : Promise.resolve(new Map(keys.map((key) => [key, 1]))),
    );
    await expect(collected.get('a')).rejects.toThrow('away');
    fails = false;
    expect(await collected.get('a')).toBe(1);
  });
});

it('a semaphore lets in so many at a time, in the order in which they came, however often one ends', async () => {
  const semaphore = new Semaphore(2);
  const entered: number[] = [];
  const releases: (() => void)[] = [];
  const all = [1, 2, 3, 4].map((number) =>
    semaphore.acquire().then((release) => {
      entered.push(number);
      releases.push(release);
    }),
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(entered).toEqual([1, 2]);
  releases[0]?.();
  releases[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(entered).toEqual([1, 2, 3]);
  releases[1]?.();
  await Promise.all(all);
  expect(entered).toEqual([1, 2, 3, 4]);
});

it('a stream that waits for its greeting is not taken for one whose client does not read', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [IncomingMessage, Response];
  const outlet = new Outlet(response);
  const subscription = outlet.send(NEVER).subscribe();
  response.flushHeaders();
  expect(outlet.queuedBytes).toBeGreaterThan(0);
  expect(outlet.isStalled(performance.now() + 3_600_000)).toBe(false);
  subscription.unsubscribe();
  client.destroy();
  server.close();
});
