/** An org of a gateway when something is wrong: the key, the pace, the wire, what the logs hold. */
import { setMaxListeners } from 'node:events';
import { InvalidSource } from '../../src/sources/source.js';
import { Pinecall2Source } from '../../src/sources/pinecall2/pinecall2.source.js';
import { RequestBudget } from '../../src/sources/pinecall2/request-budget.js';
import { MemoryCursors, logged } from '../support/call-log-harness.js';
import { CollectingSink } from '../support/collecting-sink.js';
import { GATEWAY_KEY, OPS_KEY } from '../support/pinecall2-gateway.js';
import { Pinecall2Harness } from '../support/pinecall2-harness.js';
import { type WireEntry, logOf, ownLog, storedSeqs } from '../support/pinecall2-log.js';

const CALL = 'call_7f31';
const stored = storedSeqs(ownLog);

let harness: Pinecall2Harness;
const gateway = () => harness.gateway;
const seqs = () => harness.seqs(CALL, true);

beforeEach(async () => {
  harness = await Pinecall2Harness.create();
});
afterEach(() => harness.tearDown());

describe('a key', () => {
  it('that is wrong ends the run at once, and says what to look at', async () => {
    await expect(harness.start({}, '', { apiKey: 'pc_live_revoked' })).rejects.toThrow(/401.*PINECALL2_API_KEY/);
    expect(harness.lives).toBe(0);
  });

  it('that is revoked while calls are followed ends the run, too', async () => {
    gateway().call(CALL);
    const run = harness.start();
    await harness.listening();
    gateway().release(CALL, 5);
    await harness.until(() => seqs().length === 2);
    gateway().keys.clear();
    gateway().drop();
    await expect(run).rejects.toThrow(/401/);
  });

  it('of another world is never live, and says which world was asked for', async () => {
    gateway().world = 'sandbox';
    await expect(harness.start({ outageMs: 50 })).rejects.toThrow(/403.*production.*\?env=sandbox/);
    expect(harness.lives).toBe(0);
    await harness.tearDown();
    await gateway().listen();
    void harness.start({}, '?env=sandbox');
    await harness.listening();
    expect(harness.source?.name).toBe(`${gateway().source}?env=sandbox`);
  });

  it('of an operator says that it cannot read calls', async () => {
    await expect(harness.start({ outageMs: 50 }, '', { apiKey: OPS_KEY })).rejects.toThrow(/403.*"calls"/);
  });

  it('stands in no line that is logged', () => {
    expect(logged.join('\n')).not.toMatch(/pc_live|ops_0/);
  });
});

describe('an address', () => {
  const make = (entry: string) => () =>
    new Pinecall2Source(entry, { apiKey: GATEWAY_KEY, cursors: new MemoryCursors() });

  it.each([
    'pinecall2+ftp://host',
    'pinecall2+https://user:secret@host',
    'pinecall2+https://host/path',
    'pinecall2+https://host?env=staging',
    'pinecall2+https://host?history=all',
    'pinecall2+https://host?token=secret',
  ])('%s is refused without being repeated', (entry) => {
    expect(make(entry)).toThrow(InvalidSource);
    expect(make(entry)).not.toThrow(/secret/);
  });

  it('names its world, unless that is production', () => {
    expect(make('pinecall2+https://box.example?env=production&history=3')().name).toBe('pinecall2+https://box.example');
    expect(make('pinecall2+http://127.0.0.1:8080?env=sandbox')().name).toBe(
      'pinecall2+http://127.0.0.1:8080?env=sandbox',
    );
  });
});

test('a gateway that wants to be asked less often is, for as long as it says, and nothing is lost', async () => {
  gateway().call(CALL);
  void harness.start();
  await harness.listening();
  gateway().retryAfter = '1';
  gateway().tooManyFor = /\/calls\/.+\/events$/;
  gateway().tooMany = 1;
  gateway().release(CALL);
  await harness.until(() => gateway().statuses.includes(429));
  const refusedAt = performance.now();
  await harness.finished(CALL);
  expect(performance.now() - refusedAt).toBeGreaterThan(800);
  expect(gateway().statuses.filter((status) => status === 429)).toHaveLength(1);
  expect(seqs()).toEqual(stored);
});

test('requests are spread over the minute, in the order of asking, but for the floor and the lists', async () => {
  const budget = new RequestBudget(6000);
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const since = performance.now();
  const order: number[] = [];
  const asked = Array.from({ length: 130 }, (_, index) => budget.take(signal).then(() => order.push(index)));
  await budget.take(signal, true);
  expect(performance.now() - since).toBeLessThan(250);
  await Promise.all(asked);
  // Timers of neighbours may change places.
  expect(order.every((place, index) => Math.abs(place - index) <= 3)).toBe(true);
  // A hundred at once, then one every ten milliseconds.
  expect(performance.now() - since).toBeGreaterThan(250);
});

const poison: readonly (readonly [string, unknown])[] = [
  ['whose data is text', { seq: 21, ts: 1, call: CALL, agent: 'a', type: 'tool.call', data: 'hello' }],
  ['with a seq that is no number', { seq: 'x', ts: 1, call: CALL, agent: 'a', type: 'a', data: {} }],
  ['of another call', { seq: 21, ts: 1, call: 'call_other', agent: 'harbour-desk', type: 'turn.user', data: {} }],
  ['that is no object', 'nonsense'],
  ['longer than a frame may be', { seq: 21, ts: 1, call: CALL, agent: 'a', type: 7, data: 'x'.repeat(5 * 2 ** 20) }],
];

test.each(poison)('an entry %s is passed over and holds up nothing, live and in pages', async (_, entry) => {
  const entries = logOf(CALL, 'harbour-desk').map((each) => (each.seq === 21 ? (entry as WireEntry) : each));
  gateway().call(CALL, 'harbour-desk', entries);
  void harness.start({ retryStreamMs: 5 });
  await harness.listening();
  gateway().release(CALL, 10);
  await harness.until(() => seqs().includes(5));
  gateway().release(CALL);
  await harness.finished(CALL);
  expect(seqs()).toEqual(stored.filter((seq) => seq !== 21));
  expect(harness.sink.events.every(({ callId }) => callId === CALL)).toBe(true);

  const late = new CollectingSink();
  harness.cursors.rows.clear();
  await harness.stop();
  harness = harness.with(late);
  void harness.start();
  gateway().pageSize = 4;
  await harness.finished(CALL);
  expect(seqs()).toEqual(stored.filter((seq) => seq !== 21));
});

test('an old log that is sealed without a score is over, and so is one that was read to its end', async () => {
  const log = gateway().call(CALL, 'harbour-desk', logOf(CALL, 'harbour-desk').slice(0, -1));
  gateway().release(CALL);
  void harness.start();
  await harness.until(() => seqs().includes(46));
  expect(harness.row(CALL)?.done).not.toBe(true);
  log.isSealed = true;
  gateway().drop();
  await harness.finished(CALL);
  expect(harness.row(CALL)?.cursor).toBe(46);
});

test('a call that was never answered, and one whose worker died, come as they are', async () => {
  const entry = (seq: number, type: string, data: object) => ({ seq, ts: 1790000000 + seq, call: CALL, agent: 'a', type, data }); // prettier-ignore
  gateway().call(CALL, 'a', [
    entry(1, 'call.dialing', { channel: 'phone', from: '+1', to: '+2' }),
    entry(2, 'call.ended', { reason: 'no_answer', duration_s: 0 }),
    entry(3, 'call.summary', { reason: 'no_answer', duration_s: 0, turns: 0, cost: { usd: 0 } }),
    entry(4, 'call.score', { judges: [], judge_calls: 0, not_judged: 'nobody answered' }),
  ]);
  void harness.start();
  await harness.listening();
  gateway().release(CALL);
  await harness.finished(CALL);
  expect(harness.sink.events.map(({ type, data }) => [type, data['reason']])).toEqual([
    ['call.ringing', undefined],
    ['call.ended', 'no_answer'],
    ['call.summary', 'no_answer'],
    ['call.score', undefined],
  ]);
});

test('a call that is not ours to read is left after three tries, and comes back when it is', async () => {
  void harness.start();
  await harness.listening();
  const [floor] = gateway().floors;
  floor?.frame({ ...ownLog[0], call: 'call_foreign' });
  await harness.finished('call_foreign');
  expect(gateway().count(/call_foreign/)).toBe(3);
  gateway().call('call_foreign');
  gateway().release('call_foreign');
  gateway().drop(); // The list is read again.
  await harness.until(() => harness.row('call_foreign')?.cursor === 47);
  expect(harness.seqs('call_foreign', true)).toEqual(stored);
});

test('an erased log, empty and never sealed, is waited for only so long', async () => {
  gateway().call(CALL);
  void harness.start({ emptyMs: 30, silenceMs: 15 });
  await harness.until(() => {
    // A floor that says nothing is taken for dead soon, too.
    for (const floor of gateway().floors) floor.frame({ ...ownLog[0], call: CALL });
    return harness.row(CALL)?.done === true;
  });
  expect(seqs()).toEqual([]);
});

test('rehearsals, and calls of another world, are not followed; rehearsals where they are wanted', async () => {
  const marked = (call: string, data: object) => {
    const entries = logOf(call, 'a').map((entry) => entry.type === 'call.started' || entry.type === 'call.ringing' ? { ...entry, data: { ...(entry['data'] as object), ...data } } : entry); // prettier-ignore
    gateway().call(call, 'a', entries);
  };
  marked('call_rehearsed', { persona: 'angry', run: 'r1' });
  marked('call_elsewhere', { env: 'sandbox' });
  void harness.start();
  await harness.listening();
  gateway().release('call_rehearsed');
  gateway().release('call_elsewhere');
  await harness.finished('call_rehearsed');
  await harness.finished('call_elsewhere');
  expect(harness.seqs('call_rehearsed')).toEqual([]);
  expect(harness.seqs('call_elsewhere', true)).toEqual([1]); // It rang before it said where.
  await harness.stop();

  harness = harness.with(new CollectingSink());
  harness.cursors.rows.clear();
  void harness.start({}, '?simulated=true');
  await harness.finished('call_rehearsed');
  expect(harness.seqs('call_rehearsed', true)).toEqual(stored);
});

test('a store that is away is waited for, and forgets no call', async () => {
  gateway().call(CALL);
  void harness.start();
  await harness.listening();
  harness.cursors.failures = 5;
  gateway().release(CALL);
  await harness.finished(CALL);
  expect(seqs()).toEqual(stored);
});

test('a first run reads what goes on, and of what is over as many days as it is told to', async () => {
  const old = gateway().call('call_old');
  gateway().release('call_old');
  old.openedAt -= 3 * 86_400;
  gateway().call(CALL);
  gateway().release(CALL, 20);
  void harness.start();
  await harness.until(() => seqs().includes(20));
  expect(harness.row('call_old')).toBeUndefined();
  await harness.stop();

  harness.cursors.rows.clear();
  harness = harness.with(new CollectingSink());
  void harness.start({}, '?history=4');
  await harness.finished('call_old');
  expect(harness.seqs('call_old', true)).toEqual(stored);
});

test('a first run leaves out what is over and old, also if nobody answered it', async () => {
  const unanswered = logOf('call_unanswered', 'harbour-desk').filter(({ type }) => type !== 'call.started');
  const former = [gateway().call('call_unanswered', 'harbour-desk', unanswered), gateway().call('call_old')];
  former.forEach((log, index) => {
    gateway().release(log.call);
    log.openedAt -= (4 - index) * 86_400;
  });
  gateway().call(CALL);
  gateway().release(CALL);
  void harness.start();
  await harness.finished(CALL);
  await harness.until(() => harness.cursors.rows.has('sessions'));
  expect(['call_old', 'call_unanswered'].map((call) => harness.row(call))).toEqual([undefined, undefined]);
});

test('a sink without room holds the gateway back, and loses nothing', async () => {
  gateway().call(CALL);
  void harness.start();
  await harness.listening();
  harness.sink.fill();
  gateway().release(CALL);
  await harness.until(() => harness.sink.events.length > 0);
  const held = harness.sink.events.length;
  expect(held).toBeLessThan(5);
  harness.sink.empty();
  await harness.finished(CALL);
  expect(seqs()).toEqual(stored);
});
