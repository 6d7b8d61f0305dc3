/** What the tail lets through and when, over a log of the test's own. */
import { Subject } from 'rxjs';
import type { Bus, BusMessage } from '../../src/bus/bus.js';
import { NoticeReader, noticesOf } from '../../src/bus/notices.js';
import type { AgentName, CallId, TenantId } from '../../src/common/ids.js';
import { EarlyEvents } from '../../src/events/live/early-events.js';
import type { RecentlyErased } from '../../src/events/log/recently-erased.js';
import type { LoggedEvent } from '../../src/events/log/event.js';
import { Traffic } from '../../src/database/traffic.js';
import type { EventLog } from '../../src/events/log/event-log.js';
import type { EventRouter } from '../../src/events/live/event-router.js';
import { EventTail } from '../../src/events/live/event-tail.js';
import type { LogLineage } from '../../src/events/log/log-lineage.js';

type Batch = Extract<BusMessage, { kind: 'appended' }>;

const event = (position: number, callId: string, ephemeral = false, tenantId = 'acme', size = 10): LoggedEvent => ({
  type: ephemeral ? 'bot.word' : 'user.message',
  agent: 'mara' as AgentName,
  callId: callId as CallId,
  at: '2026-01-01T00:00:00.000Z',
  data: `"${'ü'.repeat(size)}"`,
  ephemeral,
  tenantId: tenantId as TenantId,
  position,
  seq: ephemeral ? null : position,
});
const durable = (position: number, callId: string) => event(position, callId);
const word = (position: number, callId: string, tenantId?: string) => event(position, callId, true, tenantId);

function tailOf(log: LoggedEvent[], erased: string[] = []) {
  const out: string[] = [];
  const traffic = new Traffic();
  const eventLog = {
    headPosition: () => Promise.resolve(0),
    readAcrossTenants: (after: number) => Promise.resolve(log.filter(({ position }) => position > after)),
  };
  const concerns = (events: readonly LoggedEvent[]) => events.some(({ callId }) => erased.includes(callId ?? ''));
  const deliver = ({ ephemeral, tenantId, callId, position }: LoggedEvent) =>
    void out.push(`${ephemeral ? 'word' : 'event'} ${tenantId === 'acme' ? '' : `${tenantId} `}${callId} ${position}`);
  const tail = new EventTail(
    eventLog as unknown as EventLog,
    { deliver } as unknown as EventRouter,
    { messages: new Subject(), reconnected: new Subject(), connected: true } as unknown as Bus,
    { concerns } as unknown as RecentlyErased,
    { resumedAfter: () => Promise.resolve(0) } as unknown as LogLineage,
    traffic,
  );
  const offer = (...events: LoggedEvent[]) => {
    const stored = events.filter(({ ephemeral }) => !ephemeral).map(({ position }) => position);
    const last = stored.at(-1) ?? events[0]?.position ?? 0;
    tail.offer({ kind: 'appended', first: stored[0] ?? last + 1, last, complete: true, events });
  };
  const wake = async (last: number) => {
    tail.offer({ kind: 'appended', first: last, last, complete: false, events: [] });
    await new Promise(setImmediate); // The log answers in the same turn, so all of it is done.
  };
  return { offer, wake, out: () => out.splice(0), traffic };
}

describe('an ephemeral event', () => {
  it('that is late goes out, unless a later event of its own call has', () => {
    const { offer, out } = tailOf([]);
    offer(durable(1, 'a'), durable(2, 'b'), durable(3, 'b'));
    offer(word(1, 'a'), word(2, 'b'), word(3, 'b'));
    // The same id at another tenant is another call.
    offer(word(2, 'b', 'globex'));
    const words = ['word a 1', 'word b 3', 'word globex b 2'];
    expect(out()).toEqual(['event a 1', 'event b 2', 'event b 3', ...words]);
  });

  it('that is early waits for what stands before it, read or told, and no longer', async () => {
    const log = [durable(1, 'a'), durable(2, 'b')];
    const { offer, wake, out } = tailOf(log);
    offer(word(1, 'a'), word(1, 'b'));
    offer(word(2, 'a'));
    offer(word(3, 'b'));
    expect(out()).toEqual([]);
    await wake(2);
    expect(out()).toEqual(['event a 1', 'word a 1', 'word b 1', 'event b 2', 'word a 2']);
    offer(durable(3, 'c'));
    expect(out()).toEqual(['event c 3', 'word b 3']);
  });

  it('of a call that is erased while it waits goes to nobody', () => {
    const erased: string[] = [];
    const { offer, out } = tailOf([], erased);
    offer(word(1, 'a'), word(1, 'b'));
    erased.push('a');
    offer(durable(1, 'c'));
    expect(out()).toEqual(['event c 1', 'word b 1']);
  });
});

it('who sends more ephemeral events than can wait loses its own, and others nothing', () => {
  const early = new EarlyEvents();
  for (let count = 0; count < 100; count++) early.add(event(5, 'flood', true, 'acme', 64 * 1024));
  early.add(event(5, 'calm', true, 'globex'));
  const taken = early.takeUntil(5);
  expect(taken.filter(({ tenantId }) => tenantId === 'acme')).toHaveLength(15);
  expect(taken.at(-1)?.tenantId).toBe('globex');
});

describe('messages in notices', () => {
  const messageOf = (data: string): Batch => ({
    kind: 'appended',
    first: 1,
    last: 0,
    complete: true,
    events: [{ ...word(0, 'a'), data }],
  });
  const long = messageOf(JSON.stringify('aü€😀"'.repeat(5000)));

  it('come together as they were, in texts that NOTIFY takes, between those of others', () => {
    const [one, two] = [noticesOf('one', long), noticesOf('two', messageOf('x'))];
    expect(Math.max(...one.map((text) => Buffer.byteLength(text)))).toBeLessThan(8000);
    expect(two).toHaveLength(1);
    const reader = new NoticeReader();
    const read = [...one.slice(0, 3), ...two, ...one.slice(3)].flatMap((text) => reader.read(text) ?? []);
    expect(read.map(({ from }) => from)).toEqual(['two', 'one']);
    expect(read[1]?.message).toEqual(long);
  });

  it('of which a piece was lost do not come, and harm none that follows', () => {
    const pieces = noticesOf('one', long);
    for (const lost of pieces.keys()) {
      const reader = new NoticeReader();
      const heard = [...pieces.filter((_, index) => index !== lost), ...pieces];
      expect(heard.flatMap((text) => reader.read(text) ?? [])).toHaveLength(1);
    }
    expect(() => new NoticeReader().read('hello')).toThrow();
  });
});

it('events that come, by whichever process, are traffic for who gives way to them; a look that finds none is not', async () => {
  const log: LoggedEvent[] = [];
  const { wake, traffic } = tailOf(log);
  await wake(1);
  expect(traffic.isBusy).toBe(false);
  log.push(event(1, 'call'));
  await wake(1);
  expect(traffic.isBusy).toBe(true);
});
