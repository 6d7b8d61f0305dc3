/** One reader's stream over a log of the test's own, at the moments that no socket can be made to wait for. */
import type { AgentName, CallId, TenantId } from '../../src/common/ids.js';
import { type Chunk, controlFrame, TENANT_NUMBERING } from '../../src/events/live/frame.js';
import { Delivery } from '../../src/events/live/delivery.js';
import type { LoggedEvent } from '../../src/events/log/event.js';
import type { Receive } from '../../src/events/live/event-router.js';
import { EventStream } from '../../src/events/streams/event-stream.js';
import { LogPage } from '../../src/events/streams/log-page.js';
import type { Outlet } from '../../src/events/streams/outlet.js';
import type { Bounds, LogView } from '../../src/events/streams/log-view.js';

const eventOf = (seq: number, text: string): LoggedEvent => ({
  type: 'user.message',
  agent: 'mara' as AgentName,
  callId: 'c' as CallId,
  tenantId: 'acme' as TenantId,
  at: '2026-01-01T00:00:00.000Z',
  data: `{"text":"${text}"}`,
  ephemeral: false,
  position: seq,
  seq,
});

/** A log, a reading of it, and what its reader was sent. `onRoom` runs whenever the socket has drained. */
function streamOf(texts: Map<number, string>, onRoom: () => void = () => undefined, head = 0) {
  const sent: string[] = [];
  const state = { revision: 0, resumedAfter: 0, isWhole: true, expiredUntil: 0, brokenUntil: 0 };
  let receive: Receive = () => undefined;
  const events = () => [...texts].map(([seq, text]) => eventOf(seq, text));
  const reading: LogView = {
    greeting: {},
    seen: 0,
    get isWhole() {
      return state.isWhole;
    },
    get revision() {
      return state.revision;
    },
    register: (to) => {
      receive = to;
      return () => undefined;
    },
    bounds: () =>
      Promise.resolve<Bounds>({
        last: Math.max(head, ...texts.keys()),
        expiredUntil: state.expiredUntil,
        brokenUntil: state.brokenUntil,
        resumedAfter: state.resumedAfter,
      }),
    since: () => Promise.resolve(0),
    page: (after) => {
      const rest = events().filter(({ seq }) => (seq ?? 0) > after);
      return Promise.resolve(LogPage.of(TENANT_NUMBERING, rest, true, state.resumedAfter));
    },
  };
  const room = () => Promise.resolve(onRoom());
  const outlet = { isFull: false, room } as unknown as Outlet;
  const stream = new EventStream(reading, outlet, {
    next: (chunk: Chunk) => void sent.push(chunk.frames.toString()),
    error: () => undefined,
    complete: () => undefined,
  });
  const deliver = (seq: number, text: string) => receive(new Delivery(TENANT_NUMBERING, [eventOf(seq, text)]));
  return { stream, state, sent: () => sent.join(''), deliver };
}

/** Longer than a piece: each event is one of its own. */
const long = (text: string) => text + 'x'.repeat(64 * 1024);
const gapsIn = (frames: string) =>
  [...frames.matchAll(/^event: log\.gap\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? '') as object);
/** Of events, and of the greeting. */
const idsIn = (frames: string) =>
  [...frames.matchAll(/^event: (?!log\.caught_up).*\nid: (\d+)$/gm)].map(([, id]) => Number(id));

it('what is erased while a reader catches up is not sent from what was read before, nor from what is queued', async () => {
  const log = new Map([1, 2, 3].map((seq) => [seq, long(`text ${seq}`)]));
  let rounds = 0;
  const reader = streamOf(log, () => {
    if (++rounds > 1) return;
    // While the first piece goes out: a live event is queued, then the call of events 2 and 4 is erased.
    log.set(4, 'secret');
    reader.deliver(4, 'secret');
    log.set(2, 'erased').set(4, 'erased');
    reader.state.revision += 1;
  });
  await reader.stream.start({ cursor: '0', from: 'live' });
  expect(idsIn(reader.sent())).toEqual([0, 1, 2, 3, 4]);
  expect(reader.sent()).not.toMatch(/secret|text 2/);
  reader.deliver(5, 'text 5');
  expect(idsIn(reader.sent()).at(-1)).toBe(5);
});

it('what is erased while a stream opens is read from the log, not taken from the queue', async () => {
  const log = new Map([[1, 'text 1']]);
  const reader = streamOf(log);
  const started = reader.stream.start({ cursor: undefined, from: 'live' });
  log.set(2, 'erased');
  reader.deliver(2, 'secret');
  reader.state.revision += 1;
  await started;
  expect(idsIn(reader.sent())).toEqual([1, 2]);
  expect(reader.sent()).not.toContain('secret');
});

describe('retention that overtakes a filtered reader while it catches up', () => {
  /** After its first piece, the log up to 5 goes away. */
  const overtaken = async (bounds: { expiredUntil?: number; brokenUntil?: number }, resumedAfter = 0) => {
    const log = new Map([1, 3, 5, 7].map((seq) => [seq, long(`text ${seq}`)]));
    let rounds = 0;
    const reader = streamOf(log, () => {
      if (++rounds > 1) return;
      for (const seq of [3, 5]) log.delete(seq);
      Object.assign(reader.state, bounds).revision += 1; // It reads anew, as it does at the end of a page.
    });
    Object.assign(reader.state, { isWhole: false, resumedAfter });
    await reader.stream.start({ cursor: '0', from: 'live' });
    return { gaps: gapsIn(reader.sent()), ids: idsIn(reader.sent()) };
  };

  it('is told, once and in its place', async () => {
    const gap = { after: 1, resumeFrom: 5, reason: 'expired' };
    expect(await overtaken({ expiredUntil: 5 })).toEqual({ gaps: [gap], ids: [0, 1, 7] });
  });

  it('is told to an admin, whose log loses single numbers', async () => {
    const gap = { after: 1, resumeFrom: 1, reason: 'expired' };
    expect(await overtaken({ brokenUntil: 5 })).toEqual({ gaps: [gap], ids: [0, 1, 7] });
  });

  it('is told behind what was lost in a restore', async () => {
    const gaps = [
      { after: 1, resumeFrom: 4, reason: 'unknown' },
      { after: 4, resumeFrom: 5, reason: 'expired' },
    ];
    expect(await overtaken({ expiredUntil: 5 }, 4)).toEqual({ gaps, ids: [0, 1, 7] });
  });
});

it('what is told while a stream opens comes after its greeting', async () => {
  const reader = streamOf(new Map());
  const started = reader.stream.start({ cursor: undefined, from: 'live' });
  reader.stream.tell(controlFrame('agents.changed', { agents: ['mara'] }));
  await started;
  reader.stream.tell(controlFrame('agents.changed', { agents: [] }));
  const types = [...reader.sent().matchAll(/^event: (.*)$/gm)].map(([, type]) => type);
  expect(types).toEqual(['connected', 'agents.changed', 'log.caught_up', 'agents.changed']);
});

describe('a log that went on after 100, its database having been restored with 3 events', () => {
  const read = async (cursor: string, isWhole: boolean, seqs: readonly number[]) => {
    const reader = streamOf(new Map(seqs.map((seq) => [seq, `text ${seq}`])), undefined, 100);
    Object.assign(reader.state, { resumedAfter: 100, isWhole });
    await reader.stream.start({ cursor, from: 'live' });
    return { gaps: gapsIn(reader.sent()), ids: idsIn(reader.sent()), cursor: reader.stream.cursor };
  };
  const gap = (after: number) => [{ after, resumeFrom: 100, reason: 'unknown' }];

  it.each([true, false])('tells whoever passes there, in its place and once (unfiltered: %s)', async (isWhole) => {
    const log = [1, 2, 3, 101, 102];
    expect(await read('1', isWhole, log)).toEqual({ gaps: gap(3), ids: [1, 2, 3, 101, 102], cursor: 102 });
    expect(await read('3', isWhole, log)).toEqual({ gaps: gap(3), ids: [3, 101, 102], cursor: 102 });
    // A number that the lost history gave to another event.
    expect(await read('5', isWhole, log)).toEqual({ gaps: gap(5), ids: [5, 101, 102], cursor: 102 });
    expect(await read('101', isWhole, log)).toEqual({ gaps: [], ids: [101, 102], cursor: 102 });
  });

  it('tells it while there is nothing new yet, and lets the reader go on from there', async () => {
    expect(await read('1', true, [1, 2, 3])).toEqual({ gaps: gap(3), ids: [1, 2, 3], cursor: 100 });
    expect(await read('5', true, [1, 2, 3])).toEqual({ gaps: gap(5), ids: [5], cursor: 100 });
  });
});
