/**
 * All orgs of a gateway, with an operator's key: what the floor tells, kept apart by org, and ends that it did not
 * tell.
 */
import { Pinecall2OpsSource } from '../../src/sources/pinecall2/ops.source.js';
import { MemoryCursors } from '../support/call-log-harness.js';
import { CollectingSink } from '../support/collecting-sink.js';
import { GATEWAY_KEY, Gateway, OPS_KEY } from '../support/pinecall2-gateway.js';
import { logOf } from '../support/pinecall2-log.js';
import { waitFor } from '../support/wait-for.js';

let gateway: Gateway;
let sink: CollectingSink;
let abort: AbortController;
let running: Promise<void>;
let lives: number;
const cursors = { current: new MemoryCursors() };

beforeEach(async () => {
  gateway = await Gateway.start();
  cursors.current = new MemoryCursors();
  lives = 0;
});
afterEach(async () => {
  await stop();
  await gateway.stop();
});

function start(apiKey = OPS_KEY, timings = {}): Promise<void> {
  sink = new CollectingSink();
  abort = new AbortController();
  const options = { apiKey, cursors: cursors.current, timings: { backoff: { firstMs: 5, maxMs: 20 }, reconcileMs: 20, ...timings } }; // prettier-ignore
  const source = new Pinecall2OpsSource(gateway.source.replace('pinecall2+', 'pinecall2-ops+'), options);
  running = source.run(sink, () => (lives += 1), abort.signal);
  running.catch(() => undefined); // A test that expects a failure awaits the promise that it was given.
  return running;
}

async function stop(): Promise<void> {
  abort.abort();
  await running.catch(() => undefined); // Judged by the test, if it is its subject.
}

const listening = () => waitFor(() => gateway.opsFloors.size === 1 && cursors.current.rows.has('usage'));
const told = () => sink.events.map(({ type, agent, callId }) => [type, agent, callId]);

test('the life of a call is told, under an agent that carries its org, and nothing that is said', async () => {
  void start();
  await listening();
  gateway.call('call_1');
  gateway.release('call_1');
  await waitFor(() => cursors.current.rows.get('call:org_1/call_1')?.done === true);
  expect(told()).toEqual(
    ['call.ringing', 'call.started', 'handoff.requested', 'attention.answered', 'handoff.active', 'handoff.released', 'call.ended'].map(
      (type) => [type, 'org_1/harbour-desk', 'call_1'],
    ),
  ); // prettier-ignore
  expect(lives).toBe(1);
  expect(gateway.count(/\/v1\/calls/)).toBe(0);
});

test('an entry is told although the store was away when it came', async () => {
  void start();
  await listening();
  const save = cursors.current.save.bind(cursors.current);
  let refusals = 0;
  cursors.current.save = async (...asked) => {
    if (asked[1].startsWith('call:') && refusals++ < 2) throw new Error('the database is away');
    await save(...asked);
  };
  const [floor] = gateway.opsFloors;
  const [ringing] = logOf('call_1', 'mara');
  floor?.frame({ org: 'org_1', entry: ringing }, ringing);
  await waitFor(() => sink.events.length === 1);
  expect(told()).toEqual([['call.ringing', 'org_1/mara', 'call_1']]);
  expect(cursors.current.rows.get('call:org_1/call_1')).toMatchObject({ done: false });
});

test('the same agent’s name in two orgs is two agents; another world is none of ours', async () => {
  void start();
  await listening();
  const [floor] = gateway.opsFloors;
  const [ringing] = logOf('call_1', 'mara');
  floor?.frame({ org: 'org_1', entry: ringing }, ringing);
  floor?.frame({ org: 'org_2', env: 'production', entry: ringing }, ringing);
  floor?.frame({ org: 'org_2', env: 'sandbox', entry: { ...ringing, call: 'call_2' } }, ringing);
  floor?.frame({ entry: { ...ringing, call: 'call_3' } }, ringing);
  floor?.frame({ org: 'org_3', entry: ringing }, ringing);
  await waitFor(() => sink.events.length === 3);
  expect(told().map(([, agent]) => agent)).toEqual(['org_1/mara', 'org_2/mara', 'org_3/mara']);
});

test('an end that nobody heard is found in the meter’s rows, once; rows of unknown calls begin none', async () => {
  gateway.usage.push({ org: 'org_1', agent: 'harbour-desk', call: 'call_before', type: 'call.summary', at: 1790000000, minutes: 2 }); // prettier-ignore
  void start();
  await listening();
  gateway.call('call_1');
  gateway.release('call_1', 8);
  await waitFor(() => sink.events.length === 2);
  await stop();
  gateway.release('call_1');
  const row = { org: 'org_1', agent: 'harbour-desk', type: 'call.summary', at: 1790000020, minutes: 0.5 };
  gateway.usage.push({ ...row, call: 'call_elsewhere' }, { ...row, type: 'call.score', call: 'call_1' }, { ...row, call: 'call_1' }); // prettier-ignore
  void start();
  await waitFor(() => cursors.current.rows.get('call:org_1/call_1')?.done === true);
  expect(sink.events.map(({ type, callId, data }) => [type, callId, data['duration']])).toEqual([
    ['call.summary', 'call_1', 30],
  ]);
  await waitFor(() => cursors.current.rows.get('usage')?.cursor === 4);
});

test('a key that is no operator’s is told so', async () => {
  await expect(start(GATEWAY_KEY, { outageMs: 50 })).rejects.toThrow(/403.*PINECALL_OPS_KEY/);
});
