/** What of a gateway's calls reaches the sink: everything, once, in order, whatever befalls the connection. */
import { HoldingSink } from '../support/call-log-harness.js';
import { CollectingSink } from '../support/collecting-sink.js';
import { Pinecall2Harness } from '../support/pinecall2-harness.js';
import { logOf, ownLog, storedSeqs } from '../support/pinecall2-log.js';

const CALL = 'call_7f31';
const stored = storedSeqs(ownLog);

let harness: Pinecall2Harness;
const gateway = () => harness.gateway;
const seqs = () => harness.seqs(CALL, true);
const log = () => gateway().logs.get(CALL) ?? gateway().call(CALL);

beforeEach(async () => {
  harness = await Pinecall2Harness.create();
});
afterEach(() => harness.tearDown());

/** The source reads the call live from its first entry on. */
async function attachLive(timings = {}): Promise<void> {
  log();
  void harness.start(timings);
  await harness.listening();
  gateway().release(CALL, 1);
  await harness.until(() => gateway().streams.size === 1 && seqs().length === 1);
}

test('a call that is read live comes out whole, words included, once and in order', async () => {
  await attachLive();
  while (log().remaining > 0) gateway().release(CALL, 3);
  await harness.finished(CALL);
  expect(seqs()).toEqual(stored);
  const words = harness.sink.events.filter(({ type }) => type === 'bot.word').map(({ data }) => data['word']);
  expect(words).toEqual(['Harbour', 'desk,', 'good', 'morning.']);
  expect(harness.lives).toBe(1);
  expect(harness.row(CALL)).toEqual({ cursor: 47, done: true });
});

test.each([1, 2, 7, 20])('nothing is lost or doubled when it breaks after every %i entries', async (size) => {
  gateway().overlap = 3;
  gateway().pieceBytes = 11;
  await attachLive();
  while (log().remaining > 0) {
    const before = gateway().count(/\/events/);
    gateway().release(CALL, size);
    gateway().drop();
    await harness.until(() => gateway().count(/\/events/) > before || harness.row(CALL)?.done === true);
  }
  await harness.finished(CALL);
  expect(seqs()).toEqual(stored);
});

test('nothing is lost or doubled when the gateway is away for a while, and its floor says nothing afterwards', async () => {
  await attachLive();
  gateway().release(CALL, 20);
  await harness.until(() => seqs().includes(20));
  await gateway().stop();
  gateway().isFloorDeaf = true;
  gateway().release(CALL, 10);
  gateway().call('call_while_away');
  gateway().release('call_while_away');
  await gateway().listen();
  gateway().release(CALL);
  await harness.finished(CALL);
  await harness.finished('call_while_away');
  expect(seqs()).toEqual(stored);
  expect(harness.seqs('call_while_away', true)).toEqual(stored);
});

test('a new source goes on from the stored cursor, and gives every message the name that it had', async () => {
  await attachLive();
  gateway().release(CALL, 25);
  await harness.until(() => seqs().at(-1) === 27);
  const first = harness.sink.events;
  await harness.stop();
  expect(harness.row(CALL)).toEqual({ cursor: 27, done: false });
  gateway().release(CALL, 5);

  harness = harness.with(new CollectingSink());
  void harness.start();
  await harness.until(() => seqs().at(-1) === 32);
  gateway().release(CALL);
  await harness.finished(CALL);
  expect(seqs()).toEqual(stored.filter((seq) => seq > 27));
  const names = [...first, ...harness.sink.events]
    .filter(({ type }) => type === 'user.message' || type === 'bot.speaking')
    .map(({ data }) => [data['messageId'], data['text']]);
  expect(names).toEqual([
    [`${CALL}_b1`, 'Harbour desk, good morning.'],
    [`${CALL}_u1`, 'Is the late ferry running?'],
    [`${CALL}_b2`, 'Yes, the last one leaves at ten forty.'],
    [`${CALL}_u2`, 'Then put me on it.'],
    [`${CALL}_b3`, 'I am afraid it is sold'],
    [`${CALL}_s1`, 'Ines here, I keep a seat for you.'],
  ]);
});

test('the cursor is saved only after the commit of what was pushed, and what was not comes again', async () => {
  const sink = new HoldingSink();
  harness = harness.with(sink);
  log();
  gateway().release(CALL, 20);
  void harness.start();
  await harness.until(() => seqs().includes(19));
  expect(harness.row(CALL)).toEqual({ cursor: 0, done: false });
  sink.commit(2);
  // Held back entries behind the second commit are passed by the cursor, what waits is not.
  await harness.until(() => (harness.row(CALL)?.cursor ?? 0) >= 5);
  expect(harness.row(CALL)?.cursor).toBeLessThan(13);
  await harness.stop();

  harness = harness.with(new CollectingSink());
  void harness.start();
  await harness.until(() => seqs().includes(19));
  expect(seqs()[0]).toBe(13);
});

test('what a slow reader lost is fetched in pages, before what follows', async () => {
  await attachLive();
  gateway().release(CALL, 10);
  await harness.until(() => harness.seqs(CALL).at(-1) === 11);
  gateway().isLosing = true;
  gateway().release(CALL, 12);
  gateway().recover();
  gateway().release(CALL, 3);
  await harness.until(() => seqs().at(-1) === 27);
  expect(seqs()).toEqual(stored.filter((seq) => seq <= 27));
  expect(gateway().count(/events\?after=11$/)).toBe(1);
  gateway().release(CALL);
  await harness.finished(CALL);
  expect(seqs()).toEqual(stored);
});

test('a gap over the end of the log is filled, and the call is over', async () => {
  await attachLive();
  gateway().isLosing = true;
  gateway().release(CALL);
  gateway().recover();
  await harness.finished(CALL);
  expect(seqs()).toEqual(stored);
});

test('a call is over at its score: closed, marked done, and not read again', async () => {
  await attachLive();
  gateway().release(CALL);
  await harness.finished(CALL);
  await harness.until(() => gateway().streams.size === 0);
  await harness.stop();
  const before = gateway().requests.length;

  harness = harness.with(new CollectingSink());
  gateway().call('call_next');
  void harness.start();
  gateway().release('call_next');
  await harness.finished('call_next');
  expect(
    gateway()
      .requests.slice(before)
      .filter((path) => path.includes(CALL)),
  ).toEqual([]);
  expect(seqs()).toEqual([]);
});

test('a second score, appended to a sealed log, is read; also behind the first where a stream ends', async () => {
  await attachLive();
  gateway().release(CALL);
  await harness.finished(CALL);
  const score = ownLog.at(-1) ?? { seq: 0, type: '' };
  log().add({ ...score, call: CALL, seq: 60, data: { passed: true, judges: [], judged_by: 'p_1' } });
  gateway().release(CALL);
  gateway().drop(); // The floor comes back, and with it the list is read.
  await harness.until(() => seqs().at(-1) === 60);
  expect(seqs()).toEqual([...stored, 60]);
  await harness.until(() => harness.row(CALL)?.cursor === 60);

  const late = gateway().call('call_late', 'harbour-desk', [...logOf('call_late', 'harbour-desk'), { ...score, call: 'call_late', seq: 60 }]); // prettier-ignore
  late.release();
  gateway().drop();
  await harness.until(() => harness.row('call_late')?.cursor === 60);
  expect(harness.seqs('call_late', true)).toEqual([...stored, 60]);
});

test('a score that is appended to an old log is found in the usage', async () => {
  await attachLive();
  gateway().release(CALL);
  await harness.finished(CALL);
  await harness.until(() => harness.cursors.rows.has('usage'));
  await harness.stop();
  const row = { agent: 'harbour-desk', type: 'call.score', at: 1790000000 };

  const score = ownLog.at(-1) ?? { seq: 0, type: '' };
  log().add({ ...score, call: CALL, seq: 60, data: { passed: true, judges: [], judged_by: 'p_1' } });
  log().openedAt -= 30 * 86_400;
  gateway().release(CALL);
  gateway().usage.push(
    { ...row, call: 'call_unknown' },
    { ...row, call: CALL, type: 'call.summary' },
    { ...row, call: CALL },
  );
  void harness.start();
  await harness.until(() => harness.row(CALL)?.cursor === 60);
  expect([seqs().at(-1), harness.row('call_unknown')]).toEqual([60, undefined]);
});

test('calls that began, and calls that ended, while nobody was there are whole', async () => {
  const began = Array.from({ length: 50 }, (_, index) => `call_began_${index}`);
  const ended = Array.from({ length: 50 }, (_, index) => `call_ended_${index}`);
  gateway().listSize = 13;
  void harness.start();
  await harness.listening();
  for (const call of ended) {
    gateway().call(call);
    gateway().release(call, 21);
  }
  await harness.until(() => ended.every((call) => harness.seqs(call).at(-1) === 21));
  await harness.stop();
  const first = harness.sink;
  for (const call of ended) gateway().release(call);
  for (const call of began) {
    gateway().call(call);
    gateway().release(call, 30);
  }

  harness = harness.with(new CollectingSink());
  void harness.start();
  await harness.listening();
  for (const call of began) gateway().release(call);
  for (const call of [...ended, ...began]) await harness.finished(call);
  for (const call of began) expect(harness.seqs(call, true)).toEqual(stored);
  const both = new CollectingSink();
  both.events.push(...first.events, ...harness.sink.events);
  for (const call of ended) expect(harness.with(both).seqs(call, true)).toEqual(stored);
});
