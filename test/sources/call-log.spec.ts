/** What of a call's log reaches the sink: everything, once, in order, whatever befalls the connection. */
import { CollectingSink } from '../support/collecting-sink.js';
import { Harness, HoldingSink } from '../support/call-log-harness.js';
import { parcelCall } from '../support/voice-log.js';

const CALL = 'CA_parcel';
const AGENT = 'lucia';
const golden = parcelCall(CALL, AGENT);
const all = golden.map(({ seq }) => seq);
const durable = golden.filter(({ ephemeral }) => !ephemeral).map(({ seq }) => seq);

let harness: Harness;
const { until, server } = {
  until: (holds: () => boolean) => harness.until(holds),
  server: () => harness.server,
};
const seqs = () => harness.seqs(CALL);
const durableSeqs = () => seqs().filter((seq) => durable.includes(seq));
const row = () => harness.cursors.rows.get(`call:${CALL}`);

beforeEach(async () => {
  harness = await Harness.create(AGENT);
  server().call(CALL, AGENT);
});
afterEach(() => harness.tearDown());

/** The source reads the call live from its first entry on. */
async function attachLive(timings = {}): Promise<void> {
  server().agentLog(AGENT);
  void harness.start(timings);
  await until(() => server().open(`agent:${AGENT}`).length === 1);
  server().release(CALL, 1);
  await until(() => server().open(`call:${CALL}`).length === 1 && seqs().length === 1);
}

test('a call that is read live comes out whole, words included, once and in order', async () => {
  await attachLive();
  for (const expected of all.slice(1)) {
    server().release(CALL, 1);
    await until(() => seqs().at(-1) === expected);
  }
  await harness.finished(CALL);
  expect(seqs()).toEqual(all);
  expect(harness.sink.events[0]).toMatchObject({ type: 'call.ringing', agent: AGENT, callId: CALL });
  expect(harness.sink.events.filter(({ type }) => String(type).startsWith('log.'))).toEqual([]);
  expect(harness.lives).toBe(1);
});

test('a call that has happened comes out with everything that is stored, once and in order', async () => {
  server().release(CALL);
  void harness.start();
  await harness.finished(CALL);
  expect(seqs()).toEqual(durable);
});

test.each([1, 2, 7, 20])('nothing is lost or doubled when it breaks after every %i entries', async (size) => {
  await attachLive();
  for (let released = 1; released < golden.length; released += size) {
    const before = server().count(`call:${CALL}`);
    server().release(CALL, size);
    server().drop();
    await until(() => server().count(`call:${CALL}`) > before || row()?.done === true);
  }
  await harness.finished(CALL);
  expect(durableSeqs()).toEqual(durable);
  expect(seqs()).toEqual([...new Set(seqs())].sort((a, b) => a - b));
});

test.each([3, 4, 10])('nothing is lost or doubled when it is closed for slowness after %i entries', async (size) => {
  server().release(CALL, 30);
  server().slowAfter = size;
  server().overlap = 2;
  void harness.start();
  await until(() => seqs().includes(30));
  server().release(CALL);
  await harness.finished(CALL);
  expect(durableSeqs()).toEqual(durable);
  expect(seqs()).toEqual([...new Set(seqs())].sort((a, b) => a - b));
  expect(server().mints.length).toBe(1); // It was no refusal.
});

test('nothing is lost or doubled when the server is away for a while', async () => {
  await attachLive();
  server().release(CALL, 20);
  await until(() => seqs().includes(21));
  await server().stop();
  server().release(CALL, 10);
  server().tokens.clear();
  await server().listen();
  await until(() => seqs().includes(31));
  server().release(CALL);
  await harness.finished(CALL);
  expect(durableSeqs()).toEqual(durable);
});

test('a new source goes on from the stored cursor', async () => {
  await attachLive();
  server().release(CALL, 24);
  await until(() => seqs().includes(25));
  await harness.stop();
  expect(row()).toEqual({ cursor: 25, done: false });
  server().release(CALL, 5);

  harness = harness.with(new CollectingSink());
  void harness.start();
  await until(() => seqs().includes(30));
  server().release(CALL);
  await harness.finished(CALL);
  expect(seqs()).toEqual(all.filter((seq) => seq > 25 && seq !== 42));
  expect(server().attached.filter(({ log }) => log === `call:${CALL}`).map(({ after }) => after)).toEqual([0, 25]);
}); // prettier-ignore

test('the cursor is saved only after the commit of what was pushed, and what was not comes again', async () => {
  const sink = new HoldingSink();
  harness = harness.with(sink);
  server().release(CALL, 12);
  void harness.start();
  await until(() => seqs().includes(12));
  expect(row()).toEqual({ cursor: 0, done: false });
  sink.commit(4);
  const [, , , fourth = 0, fifth] = seqs();
  await until(() => row()?.cursor === fourth);
  await harness.stop();
  expect(row()).toEqual({ cursor: fourth, done: false });

  harness = harness.with(new CollectingSink());
  void harness.start();
  await until(() => seqs().includes(12));
  expect(seqs()[0]).toBe(fifth);
});

test('cursors are saved now and then, not for each entry', async () => {
  await attachLive({ saveMs: 60_000 });
  server().release(CALL, 30);
  await until(() => seqs().includes(31));
  await harness.stop();
  const saves = harness.cursors.saves.filter(({ log }) => log === `call:${CALL}`);
  expect(saves.map(({ cursor }) => cursor)).toEqual([0, 31]);
});

test('a gap is told to the readers of the call, and reading goes on behind it', async () => {
  await attachLive();
  server().release(CALL, 9);
  await until(() => seqs().includes(10));
  await harness.stop();
  server().release(CALL, 15);
  const log = server().logs.get(`call:${CALL}`);
  if (log) log.lostBefore = 18;

  harness = harness.with(new CollectingSink());
  void harness.start();
  await until(() => seqs().includes(25));
  const [gap, next] = harness.sink.events;
  expect(gap).toMatchObject({ type: 'log.gap', agent: AGENT, callId: CALL, ephemeral: false });
  expect(gap?.data).toMatchObject({ after: 10, resumeFrom: 18, reason: 'upstream' });
  expect(next?.data['seq']).toBe(18);
  await until(() => row()?.cursor === 25);
});

test('a gap that leads back is followed: the server numbers anew', async () => {
  harness.cursors.rows.set(`call:${CALL}`, { cursor: 900, done: false });
  const log = server().logs.get(`call:${CALL}`);
  server().release(CALL, 3);
  if (log) log.replay = () => [log.marker('log.gap', 900, { from: 900, resume_from: 1 }), ...golden.slice(0, 3)];
  void harness.start();
  await until(() => row()?.cursor === 3);
  expect(seqs().slice(1)).toEqual([1, 2, 3]);
});

test('a call is over at its summary: closed, marked done, and not read again', async () => {
  server().release(CALL);
  void harness.start();
  await harness.finished(CALL);
  await until(() => server().open(`call:${CALL}`).length === 0);
  expect(row()).toEqual({ cursor: 45, done: true });
  expect(harness.cursors.saves).not.toContainEqual({ log: `call:${CALL}`, cursor: 45, done: false });
  await harness.stop();

  harness = harness.with(new CollectingSink());
  harness.cursors.rows.set(`agent:${AGENT}`, { cursor: 0, done: false }); // As after a crash: the agent's log names it again.
  server().call('CA_next', AGENT);
  void harness.start();
  server().release('CA_next');
  await harness.finished('CA_next');
  expect(server().count(`call:${CALL}`)).toBe(1);
  expect(seqs()).toEqual([]);
});

test('a summary that is not committed is read again', async () => {
  const sink = new HoldingSink();
  harness = harness.with(sink);
  server().release(CALL);
  void harness.start();
  await until(() => seqs().includes(45));
  sink.commit(durable.length - 1);
  await until(() => (row()?.cursor ?? 0) > 0);
  await harness.stop();
  expect(row()).toEqual({ cursor: 44, done: false });
});
