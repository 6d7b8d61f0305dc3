/** A call's log when the wire misbehaves: poison, dead peers, no WebSocket, a full sink. */
import { InvalidSource } from '../src/sources/source.js';
import { CallLogSource } from '../src/sources/pinecall/call-log.source.js';
import { Harness, MemoryAgents, MemoryCursors, logged } from './support/call-log-harness.js';
import { API_KEY } from './support/voice-server.js';
import { goldenCall } from './support/voice-log.js';

const CALL = 'CA_golden';
const AGENT = 'lucia';
const golden = goldenCall(CALL, AGENT);
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

const poison = [
  ['without data', { seq: 7, ts: 1, call: CALL, agent: AGENT, type: 'user.message', ephemeral: false }],
  ['with a seq that is no number', { seq: '7', ts: 1, call: CALL, agent: AGENT, type: 'a', data: {} }],
  ['of another call', { seq: 7, ts: 1, call: 'CA_other', agent: AGENT, type: 'user.message', data: { text: 'no' } }],
  ['that is no object', 'nonsense'],
  ['longer than a frame may be', { seq: 7, ts: 1, call: CALL, agent: AGENT, type: 7, data: 'x'.repeat(2 ** 20) }],
] as const;

test.each(poison)('an entry %s is passed over and holds up nothing', async (_what, entry) => {
  const entries = golden.map((frame) => (frame.seq === 7 ? (entry as unknown as typeof frame) : frame));
  server().call(CALL, AGENT, entries);
  server().release(CALL);
  void harness.start();
  await harness.finished(CALL);
  expect(harness.sink.events.map(({ data }) => data['seq'])).toEqual(durable.filter((seq) => seq !== 7));
});

test('a sink without room holds the reading back, and loses nothing', async () => {
  const sink = harness.sink;
  sink.fill();
  server().release(CALL);
  void harness.start();
  await until(() => seqs().length === 1 && server().open(`call:${CALL}`).length === 1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seqs()).toEqual([1]);
  sink.empty();
  await harness.finished(CALL);
  expect(seqs()).toEqual(durable);
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
  server().refuseUpgrades = 426;
  server().pageSize = 3;
  server().release(CALL);
  void harness.start();
  await harness.finished(CALL);
  expect(seqs()).toEqual(durable.filter((seq) => seq <= 5 || seq >= 15));
});

test('a socket is tried again after a while in pages', async () => {
  server().refuseUpgrades = 502;
  server().release(CALL, 20);
  void harness.start({ retrySocketMs: 50 });
  await until(() => seqs().includes(18));
  server().refuseUpgrades = undefined;
  await until(() => server().open(`call:${CALL}`).length === 1);
  server().release(CALL);
  await harness.finished(CALL);
  expect(durableSeqs()).toEqual(durable);
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
