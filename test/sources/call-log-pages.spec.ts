/** Where no WebSocket gets through, logs are read in pages, and agents' calls are found in a list. */
import { Harness } from '../support/call-log-harness.js';
import { parcelCall } from '../support/voice-log.js';

const CALL = 'CA_parcel';
const AGENT = 'lucia';
const golden = parcelCall(CALL, AGENT);
const durable = golden.filter(({ ephemeral }) => !ephemeral).map(({ seq }) => seq);

let harness: Harness;
const until = (holds: () => boolean) => harness.until(holds);
const server = () => harness.server;
const seqs = () => harness.seqs(CALL);

beforeEach(async () => {
  harness = await Harness.create(AGENT);
  server().call(CALL, AGENT);
  server().refuseUpgrades = 426;
});
afterEach(() => harness.tearDown());

/** A whole call. */
function happen(call: string): void {
  server().call(call, AGENT);
  server().release(call);
}

test.each([404, 426, 501])('where upgrades are refused with %i, a call is read in pages', async (status) => {
  server().refuseUpgrades = status;
  server().pageSize = 4;
  server().release(CALL, 20);
  void harness.start();
  await until(() => seqs().includes(18));
  server().release(CALL);
  await harness.finished(CALL);
  expect(seqs()).toEqual(durable);
  expect(server().attached).toEqual([]);
  expect(harness.lives).toBe(1);
});

test('a page full of poison holds up nothing', async () => {
  const entries = golden.map((frame) => (frame.seq > 5 && frame.seq < 15 ? { seq: frame.seq, type: 'x' } : frame));
  server().call(CALL, AGENT, entries);
  server().pageSize = 3;
  server().release(CALL);
  void harness.start();
  await harness.finished(CALL);
  expect(seqs()).toEqual(durable.filter((seq) => seq <= 5 || seq >= 15));
});

test('a socket is tried again after a while in pages', async () => {
  server().release(CALL, 20);
  harness.cursors.rows.set(`call:${CALL}`, { cursor: 7, done: false });
  void harness.start({ retrySocketMs: 50 });
  await until(() => seqs().includes(18));
  expect(server().pages).toContain(`/v1/calls/${CALL}/events?after=7`);
  expect(server().pages).not.toContain(`/v1/calls/${CALL}/events?after=0`);
  server().refuseUpgrades = undefined;
  await until(() => server().open(`call:${CALL}`).length === 1);
  server().release(CALL);
  await harness.finished(CALL);
  expect(seqs().filter((seq) => durable.includes(seq))).toEqual(durable.filter((seq) => seq > 7));
});

test('calls are discovered in the list', async () => {
  void harness.start();
  await until(() => server().pages.length > 1);
  happen('CA_1');
  await harness.finished('CA_1');
  expect(harness.seqs('CA_1').at(-1)).toBe(45);
});

test("where the list is the agent's log, it is read as such", async () => {
  server().listsEntries = true;
  void harness.start();
  await until(() => server().pages.length > 1);
  happen('CA_1');
  await harness.finished('CA_1');
  await until(() => (harness.cursors.rows.get(`agent:${AGENT}`)?.cursor ?? 0) > 0);
});

test('calls that were over when the agent returned from a time without owner are not read', async () => {
  harness.cursors.rows.set(`agent:${AGENT}`, { cursor: 0, done: true });
  happen('CA_between');
  server().release(CALL, 8);
  void harness.start();
  await until(() => harness.cursors.rows.get(`agent:${AGENT}`)?.done === false);
  happen('CA_after');
  await harness.finished('CA_after');
  expect(new Set(harness.sink.events.map(({ callId }) => callId))).toEqual(new Set([CALL, 'CA_after']));
});
