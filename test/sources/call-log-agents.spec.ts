/** Whose logs are read: those of agents that somebody owns, as that changes. */
import { Harness } from '../support/call-log-harness.js';

let harness: Harness;
const server = () => harness.server;
const until = (holds: () => boolean) => harness.until(holds);
const tailed = (agent: string) => server().open(`agent:${agent}`).length === 1;
const callsRead = () => [...new Set(harness.sink.events.map(({ callId }) => callId))];

async function start(...agents: readonly string[]): Promise<void> {
  harness = await Harness.create(...agents);
  for (const agent of agents) server().agentLog(agent);
}

/** A whole call. */
function happen(call: string, agent: string): void {
  server().call(call, agent);
  server().release(call);
}

afterEach(() => harness.tearDown());

test('with no owned agent it is live, and asks for no token', async () => {
  await start();
  void harness.start();
  await until(() => harness.lives === 1);
  expect(server().mints).toEqual([]);
});

test('calls of several agents are read side by side', async () => {
  await start('mara', 'julia');
  void harness.start();
  await until(() => tailed('mara') && tailed('julia'));
  for (const [call, agent] of Object.entries({ CA_1: 'mara', CA_2: 'julia', CA_3: 'mara' })) happen(call, agent);
  for (const call of ['CA_1', 'CA_2', 'CA_3']) await harness.finished(call);
  expect(callsRead().sort()).toEqual(['CA_1', 'CA_2', 'CA_3']);
  expect(harness.sink.events.filter(({ type }) => type === 'call.started')).toHaveLength(3); // Not the agent log's too.
});

test("the agent's cursor passes an entry only when the call that it names has its row", async () => {
  await start('mara', 'julia');
  void harness.start();
  await until(() => tailed('mara') && tailed('julia'));
  const unblock = harness.cursors.block('call:CA_1');
  happen('CA_1', 'mara');
  happen('CA_2', 'julia');
  await harness.finished('CA_2');
  await until(() => (harness.cursors.rows.get('agent:julia')?.cursor ?? 0) > 0);
  expect(harness.cursors.rows.get('agent:mara')?.cursor).toBe(0);
  unblock();
  await harness.finished('CA_1');
  await until(() => (harness.cursors.rows.get('agent:mara')?.cursor ?? 0) > 0);
});

test('stopping does not wait for a store that does not answer', async () => {
  await start('mara');
  void harness.start();
  await until(() => tailed('mara'));
  harness.cursors.block('call:CA_1');
  happen('CA_1', 'mara');
  await until(() => harness.cursors.attempted.has('call:CA_1'));
  await harness.stop();
});

test('what happens while the source is stopped is read when it is back', async () => {
  await start('mara');
  void harness.start();
  await until(() => tailed('mara'));
  happen('CA_1', 'mara');
  await harness.finished('CA_1');
  await harness.stop();
  happen('CA_2', 'mara');
  void harness.start();
  await harness.finished('CA_2');
  expect(server().count('call:CA_1')).toBe(1);
});

test('an agent that is assigned while it runs is tailed; its history and its live calls are read', async () => {
  await start();
  happen('CA_over', 'mara');
  server().call('CA_live', 'mara');
  server().release('CA_live', 8);
  void harness.start();
  await until(() => harness.lives === 1);
  harness.agents.set('mara');
  await harness.finished('CA_over');
  await until(() => server().open('call:CA_live').length === 1);
});

test('an assignment that nobody announces is found by looking now and then', async () => {
  await start();
  void harness.start({ ownedPollMs: 10 });
  await until(() => harness.lives === 1);
  server().agentLog('mara');
  harness.agents.setUnannounced('mara');
  await until(() => tailed('mara'));
});

test('a live call that the agent log names no more is found in the list of calls', async () => {
  await start('mara');
  server().call('CA_live', 'mara').release(8); // In its own log only.
  void harness.start();
  await until(() => harness.seqs('CA_live').length > 0);
});

test('an agent that is taken away is tailed no more, and its call in progress is read to its end', async () => {
  await start('mara', 'julia');
  void harness.start();
  await until(() => tailed('mara') && tailed('julia'));
  server().call('CA_1', 'mara');
  server().release('CA_1', 5);
  await until(() => server().open('call:CA_1').length === 1);
  harness.agents.set('julia');
  await until(() => server().open('agent:mara').length === 0);
  server().drop(); // The call needs a token again, also for an agent that nobody owns now.
  server().tokens.clear();
  server().release('CA_1');
  await harness.finished('CA_1');
  happen('CA_2', 'mara');
  happen('CA_3', 'julia');
  await harness.finished('CA_3');
  expect(callsRead()).not.toContain('CA_2');
});

test("calls of the time when nobody owned the agent are nobody's; those still live when it returns are followed", async () => {
  await start('mara');
  void harness.start();
  await until(() => tailed('mara'));
  happen('CA_before', 'mara');
  await harness.finished('CA_before');
  harness.agents.set();
  await until(() => harness.cursors.rows.get('agent:mara')?.done === true);
  happen('CA_between', 'mara');
  server().call('CA_live', 'mara');
  server().release('CA_live', 8);
  harness.agents.set('mara');
  await until(() => harness.seqs('CA_live').length > 0);
  await until(() => harness.cursors.rows.get('agent:mara')?.done === false);
  happen('CA_after', 'mara');
  await harness.finished('CA_after');
  expect(callsRead()).toEqual(['CA_before', 'CA_live', 'CA_after']);
});

test('an agent that was taken away while the source was stopped returns the same way', async () => {
  await start('mara');
  void harness.start();
  await until(() => tailed('mara'));
  happen('CA_before', 'mara');
  await harness.finished('CA_before');
  await harness.stop();
  harness.agents.set();
  void harness.start();
  await until(() => harness.cursors.rows.get('agent:mara')?.done === true);
  await harness.stop();
  happen('CA_between', 'mara');
  harness.agents.set('mara');
  void harness.start();
  await until(() => harness.cursors.rows.get('agent:mara')?.done === false);
  expect(callsRead()).toEqual(['CA_before']);
});

test('the log of an agent that somebody else owned before is not handed to its present owner', async () => {
  await start('mara', 'julia');
  harness.agents.ownedBefore.add('mara');
  happen('CA_theirs', 'mara');
  happen('CA_own', 'julia');
  void harness.start();
  await harness.finished('CA_own');
  await until(() => harness.cursors.rows.get('agent:mara')?.done === false);
  happen('CA_since', 'mara');
  await harness.finished('CA_since');
  expect([...callsRead()].sort()).toEqual(['CA_own', 'CA_since']);
});

test('a call in progress is finished by a new source, whoever owns its agent by then', async () => {
  await start('mara', 'julia');
  void harness.start();
  await until(() => tailed('mara'));
  server().call('CA_1', 'mara');
  server().release('CA_1', 5);
  await until(() => harness.seqs('CA_1').length > 0);
  await harness.stop();
  harness.agents.set('julia');
  server().release('CA_1');
  void harness.start();
  await harness.finished('CA_1');
});

test('a gap in the agent log is closed by the list of calls', async () => {
  await start('mara');
  void harness.start();
  await until(() => tailed('mara'));
  happen('CA_1', 'mara');
  await harness.finished('CA_1');
  await harness.stop();
  happen('CA_2', 'mara');
  server().agentLog('mara').lostBefore = 1000;
  void harness.start();
  await harness.finished('CA_2');
  expect(harness.sink.events.filter(({ type }) => String(type).startsWith('log.'))).toEqual([]);
});

test('stopping ends everything, and leaves no connection', async () => {
  await start('mara', 'julia');
  void harness.start();
  await until(() => tailed('mara') && tailed('julia'));
  server().call('CA_1', 'mara');
  server().release('CA_1', 5);
  await until(() => server().open('call:CA_1').length === 1);
  await harness.stop();
  await until(() => server().attached.every(({ socket }) => socket.readyState === socket.CLOSED));
});
