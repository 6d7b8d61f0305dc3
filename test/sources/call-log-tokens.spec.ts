/** With which tokens logs are read: few, fresh, never wider than what is read, and no one's trouble is another's. */
import { Harness } from '../support/call-log-harness.js';
import { parcelCall } from '../support/voice-log.js';

let harness: Harness;
const server = () => harness.server;
const until = (holds: () => boolean) => harness.until(holds);
const tailed = (agent: string) => server().open(`agent:${agent}`).length === 1;
const callsRead = () => [...new Set(harness.sink.events.map(({ callId }) => callId))];

async function start(...agents: readonly string[]): Promise<void> {
  harness = await Harness.create(...agents);
  for (const agent of agents) server().agentLog(agent);
}

/** A whole call happens. */
function happen(call: string, agent: string): void {
  server().call(call, agent);
  server().release(call);
}

afterEach(() => harness.tearDown());

test('agents share tokens, fifty at most, and never none', async () => {
  const agents = Array.from({ length: 120 }, (_, index) => `agent-${index}`);
  await start(...agents);
  void harness.start();
  await until(() => agents.every(tailed));
  expect(server().mints.map((set) => set.length)).toEqual([50, 50, 20]);
});

test('a call is resumed with the right token of several, though its agent is not known', async () => {
  const agents = Array.from({ length: 120 }, (_, index) => `agent-${index}`);
  await start(...agents);
  server().call('CA_1', 'agent-110');
  server().release('CA_1');
  harness.cursors.rows.set('call:CA_1', { cursor: 7, done: false });
  void harness.start();
  await harness.finished('CA_1');
  expect(harness.seqs('CA_1')[0]).toBe(8);
});

test('a token is used again while it lasts, and renewed before it expires', async () => {
  await start('mara');
  server().tokenTtlMs = 1500;
  void harness.start();
  await until(() => tailed('mara'));
  for (const call of ['CA_1', 'CA_2']) {
    happen(call, 'mara');
    await harness.finished(call);
  }
  expect(server().mints).toHaveLength(1);
  await until(() => {
    if (server().mints.length === 1) server().drop();
    return server().mints.length === 2 && tailed('mara');
  });
  expect(server().refusals).toBe(0);
});

test.each([false, true])(
  'a token that died before its time is replaced at once (refused by a frame: %s)',
  async (byFrame) => {
    await start('mara');
    server().refusesByFrame = byFrame;
    void harness.start();
    await until(() => tailed('mara'));
    server().tokens.clear();
    happen('CA_1', 'mara');
    await harness.finished('CA_1');
    expect(server().mints).toHaveLength(2);
  },
);

test('an agent that the server does not know costs the others nothing', async () => {
  await start('mara', 'nobody', 'julia', 'sol', 'a,b');
  server().unknownAgents.add('nobody').add('a').add('b');
  void harness.start();
  await until(() => ['mara', 'julia', 'sol'].every(tailed));
  happen('CA_1', 'sol');
  await harness.finished('CA_1');
  expect(server().mints.flat()).not.toContain('a');
});

test("a call that the token does not cover costs the others nothing, and isn't asked for without end", async () => {
  await start('mara');
  void harness.start({ backoff: { firstMs: 60_000, maxMs: 60_000 } });
  await until(() => tailed('mara'));
  server().call('CA_1', 'mara', parcelCall('CA_1', 'mara'));
  const foreign = server().call('CA_2', 'julia');
  foreign.release();
  const started = { seq: 50, ts: 1, call: null, agent: 'mara', type: 'call.started', data: { call: 'CA_2' } };
  server().agentLog('mara').add(started);
  server().agentLog('mara').release();
  server().release('CA_1');
  await harness.finished('CA_1');
  expect(callsRead()).toEqual(['CA_1']);
  expect(server().mints.length).toBeLessThanOrEqual(2);
});

test('a wrong API key ends the run with a readable error that does not hold it', async () => {
  await start('mara');
  const secret = 'pk_live_do_not_print';
  const error = await harness.start({}, secret).then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  expect(error?.message).toMatch(/API key.*401.*PINECALL_API_KEY/);
  expect(JSON.stringify([error?.message, error?.stack, error?.cause])).not.toContain(secret);
});

test('a server that is away for long ends the run, so that its state is seen', async () => {
  await start('mara');
  const running = harness.start({ outageMs: 50 });
  await until(() => tailed('mara'));
  await server().stop();
  await expect(running).rejects.toThrow(/nothing could be read for .*ECONNREFUSED/);
  await server().listen();
});
