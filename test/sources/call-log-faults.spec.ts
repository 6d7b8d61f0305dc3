/** A call's log when the wire misbehaves: poison, dead peers, a full sink. */
import { InvalidSource } from '../../src/sources/source.js';
import { CallLogSource } from '../../src/sources/pinecall/call-log.source.js';
import { Harness, MemoryAgents, MemoryCursors, logged } from '../support/call-log-harness.js';
import { API_KEY } from '../support/voice-server.js';
import { parcelCall } from '../support/voice-log.js';

const CALL = 'CA_parcel';
const AGENT = 'lucia';
const golden = parcelCall(CALL, AGENT);
const durable = golden.filter(({ ephemeral }) => !ephemeral).map(({ seq }) => seq);

let harness: Harness;
const until = (holds: () => boolean) => harness.until(holds);
const server = () => harness.server;
const seqs = () => harness.seqs(CALL);
const durableSeqs = () => seqs().filter((seq) => durable.includes(seq));

beforeEach(async () => {
  harness = await Harness.create(AGENT);
  server().call(CALL, AGENT);
});
afterEach(() => harness.tearDown());

const TOO_LONG = 'longer than a frame may be';
const poison = [
  ['whose data is text', { seq: 7, ts: 1, call: CALL, agent: AGENT, type: 'user.message', data: 'hello' }],
  ['with a seq that is no number', { seq: '7', ts: 1, call: CALL, agent: AGENT, type: 'a', data: {} }],
  ['of another call', { seq: 7, ts: 1, call: 'CA_other', agent: AGENT, type: 'user.message', data: { text: 'no' } }],
  ['that is no object', 'nonsense'],
  [TOO_LONG, { seq: 7, ts: 1, call: CALL, agent: AGENT, type: 7, data: 'x'.repeat(2 ** 20) }],
] as const;

test.each(poison)('an entry %s is passed over and holds up nothing', async (what, entry) => {
  const entries = golden.map((frame) => (frame.seq === 7 ? (entry as unknown as typeof frame) : frame));
  server().call(CALL, AGENT, entries);
  server().release(CALL);
  void harness.start();
  await harness.finished(CALL);
  expect(harness.sink.events.map(({ data }) => data['seq'])).toEqual(durable.filter((seq) => seq !== 7));
  expect(server().count(`call:${CALL}`)).toBe(1);
  expect(server().pages.length).toBe(what === TOO_LONG ? 2 : 1); // The list of calls, and what didn't come by the socket.
});

test('a sink without room holds the server back, not our memory, and loses nothing', async () => {
  const large = { ...golden[6], type: 'user.message', ephemeral: false, data: { text: 'x'.repeat(60_000) } };
  const many = Array.from({ length: 500 }, (_, index) => ({ ...large, seq: 100 + index }));
  server().call(CALL, AGENT, [...golden.slice(0, 3), ...many]);
  server().release(CALL, 3);
  void harness.start();
  await until(() => seqs().length === 3);
  harness.sink.fill();
  server().release(CALL);
  const unsent = () => server().open(`call:${CALL}`)[0]?.socket.bufferedAmount ?? 0;
  let [before, looks] = [0, 0];
  await until(() => {
    looks = unsent() === before ? looks + 1 : 0; // Nothing moves any more.
    before = unsent();
    return looks === 60;
  });
  expect(before).toBeGreaterThan(1_000_000);
  expect(seqs()).toEqual([1, 2, 3, 100]);
  harness.sink.empty();
  await until(() => seqs().length === 503);
});

test('a gap up to what has not happened yet moves the cursor too', async () => {
  const log = server().call(CALL, AGENT);
  server().release(CALL, 5);
  log.lostBefore = 40;
  void harness.start();
  await until(() => harness.cursors.rows.get(`call:${CALL}`)?.cursor === 39);
  expect(harness.sink.events.map(({ type }) => type)).toEqual(['log.gap']);
});

test('a store that is away for a while costs no event and no cursor', async () => {
  server().release(CALL, 3);
  void harness.start();
  await until(() => harness.cursors.rows.get(`call:${CALL}`)?.cursor === 3);
  harness.cursors.failures = 2;
  server().release(CALL, 4);
  await until(() => harness.cursors.rows.get(`call:${CALL}`)?.cursor === 7);
  harness.cursors.failures = 3;
  server().release(CALL);
  await harness.finished(CALL);
});

test('a dead peer is found and left', async () => {
  server().answersPings = false;
  server().release(CALL, 5);
  void harness.start({ pingMs: 10 });
  await until(() => server().count(`call:${CALL}`) > 1);
  server().answersPings = true;
  server().release(CALL);
  await harness.finished(CALL);
  expect(durableSeqs()).toEqual(durable);
});

test('a greeting is no fault', async () => {
  logged.length = 0;
  server().release(CALL);
  void harness.start();
  await harness.finished(CALL);
  expect(logged).toEqual([]);
});

test('no line of the log holds a token, the API key or what was said', async () => {
  logged.length = 0;
  server().call(CALL, AGENT, [...golden.slice(0, 6), { seq: 7, type: 'user.message', data: 'order status' }]);
  server().release(CALL);
  void harness.start();
  await until(() => logged.some((line) => line.includes('passed over')));
  await server().stop();
  await until(() => logged.some((line) => line.includes('cannot be read')));
  expect(logged.join('\n')).not.toMatch(/str_\d|token=|pk_|order status|\+1312/);
  await server().listen();
});

test.each([
  ['pinecall+https://voice.pinecall.io', API_KEY],
  ['pinecall+wss://user:secret@voice.pinecall.io', API_KEY],
  ['pinecall+wss://voice.pinecall.io?token=secret', API_KEY],
  ['pinecall+wss://voice.pinecall.io', undefined],
  ['pinecall+wss://voice.pinecall.io', 'secret\nkey'],
])('%j with the key %j is refused without repeating secrets', (entry, apiKey) => {
  const create = () => new CallLogSource(entry, { apiKey, cursors: new MemoryCursors(), agents: new MemoryAgents() });
  expect(create).toThrow(InvalidSource);
  expect(create).not.toThrow(/secret/);
});

test('its name is its entry', () => {
  const options = { apiKey: API_KEY, cursors: new MemoryCursors(), agents: new MemoryAgents() };
  expect(new CallLogSource('pinecall+wss://voice.pinecall.io/', options).name).toBe('pinecall+wss://voice.pinecall.io');
});
