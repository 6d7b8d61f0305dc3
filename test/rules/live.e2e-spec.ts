/** Live rules: docs/rules.md. */
import { agentSays, callerSays, ended, firedOf, handoff, placeOf, toolFails, write } from '../support/rules.js';
import { started } from '../support/calls.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => {
  board = await Switchboard.start();
});
afterAll(() => board.stop());

const firings = (place: Awaited<ReturnType<typeof placeOf>>, count: number) =>
  waitFor(async () => (await firedOf(board, place)).length >= count, `${count} firings`);

it('says in the log what a caller said, with the line, and once a call', async () => {
  const place = await placeOf(board);
  const id = await write(board, place, { when: { said: { by: 'caller', words: ['refund', 'cancel my'] } } });
  const call = fresh('CA');
  await board.ingest(
    started(place.agent, call),
    agentSays(place.agent, call, 'b1', 'A refund? Of course.'),
    callerSays(place.agent, call, 'u1', 'I want a REFÚND, now!'),
    callerSays(place.agent, call, 'u2', 'The refund, please.'),
  );
  await firings(place, 1);
  await board.ingest(ended(place.agent, call));
  await waitFor(async () => (await firedOf(board, place)).length === 1, 'one');
  const [fired] = await firedOf(board, place);
  expect(fired).toEqual({
    rule: id,
    name: 'a rule',
    callId: call,
    agent: place.agent,
    at: expect.any(String),
    because: { condition: 'said', event: '3', text: 'I want a REFÚND, now!' },
  });
});

it('fires for each event where it is told to, and not again when a line is confirmed', async () => {
  const place = await placeOf(board);
  await write(board, place, { once: 'each', when: { said: { by: 'agent', pattern: '(?i)\\bsorry\\b' } } });
  const call = fresh('CA');
  await board.ingest(
    started(place.agent, call),
    agentSays(place.agent, call, 'b1', 'Sorry to hear that.'),
    { event: 'message.confirmed', agent: place.agent, callId: call, messageId: 'b1', text: 'Sorry to hear that.' },
    agentSays(place.agent, call, 'b2', 'So sorry.'),
    handoff(place.agent, call, 'requested'),
  );
  await firings(place, 2);
  expect((await firedOf(board, place)).map(({ because }) => because.event)).toEqual(['2', '4']);
});

it('tells failed tools, ends, handoffs, slow turns and bad scores', async () => {
  const place = await placeOf(board);
  const names = ['tool', 'other tool', 'end', 'person', 'slow', 'score'];
  const conditions = [
    { toolFailed: {} },
    { toolFailed: { name: 'book' } },
    { ended: { reasons: ['hangup'] } },
    { handoff: 'active' },
    { latency: { overMs: 2500 } },
    { score: 'failed' },
  ];
  for (const [index, when] of conditions.entries()) await write(board, place, { name: names[index] ?? '', when });
  const call = fresh('CA');
  const { agent } = place;
  await board.ingest(
    started(agent, call),
    toolFails(agent, call, 'find'),
    { ...agentSays(agent, call, 'b1', 'Hm.'), latencyMs: 2501 },
    handoff(agent, call, 'active'),
    ended(agent, call),
    { event: 'call.score', agent, callId: call, passed: false, judges: [] },
  );
  await firings(place, 5);
  expect((await firedOf(board, place)).map(({ name }) => name).sort()).toEqual([
    'end',
    'person',
    'score',
    'slow',
    'tool',
  ]);
});

it('waits for several conditions within one call', async () => {
  const place = await placeOf(board);
  const all = [{ said: { by: 'caller', words: ['cancel'] } }, { ended: { reasons: ['hangup'] } }];
  await write(board, place, { when: { all } });
  const [one, other] = [fresh('CA'), fresh('CA')];
  const { agent } = place;
  await board.ingest(
    started(agent, one),
    started(agent, other),
    callerSays(agent, one, 'u1', 'Cancel it'),
    ended(agent, other),
    ended(agent, one),
  );
  await firings(place, 1);
  const fired = await firedOf(board, place);
  expect(fired.map(({ callId, because }) => [callId, because.condition, because.event])).toEqual([[one, 'all', '5']]);
  expect(fired[0]?.because.all?.map(({ event }) => event)).toEqual(['3', '5']);
});

it('says silence while it lasts, by a timer, and what comes later does not take it back', async () => {
  const place = await placeOf(board);
  await write(board, place, { once: 'each', when: { silence: { seconds: 1, by: 'agent' } } });
  const call = fresh('CA');
  await board.ingest(started(place.agent, call), agentSays(place.agent, call, '', 'Hello'), callerSays(place.agent, call, 'u1', 'Hello?')); // prettier-ignore
  await firings(place, 1);
  await board.ingest(agentSays(place.agent, call, '', 'Here I am'), ended(place.agent, call));
  await waitFor(async () => (await firedOf(board, place)).length === 1, 'one');
  expect((await firedOf(board, place))[0]?.because).toEqual({ condition: 'silence', event: '3', text: 'Hello?' });
});

it('leaves calls of before alone, and fires no more when it is switched off', async () => {
  const place = await placeOf(board);
  const { agent } = place;
  const say = async (text: string) => {
    const call = fresh('CA');
    await board.ingest(started(agent, call), callerSays(agent, call, 'u1', text), ended(agent, call));
  };
  await say('refund one');
  const id = await write(board, place, { when: { said: { by: 'anybody', words: ['refund'] } } });
  await say('refund two');
  await firings(place, 1);
  await board.request('PATCH', `/v1/rules/${id}`, { token: place.token, body: { enabled: false } });
  await say('refund three');
  await board.request('PATCH', `/v1/rules/${id}`, { token: place.token, body: { enabled: true } });
  await say('refund four');
  await firings(place, 2);
  expect((await firedOf(board, place)).map(({ because }) => because.text)).toEqual(['refund two', 'refund four']);
});

it('never triggers a rule by what a rule says, and lets nobody else say it', async () => {
  const place = await placeOf(board);
  await write(board, place, { once: 'each', when: { said: { by: 'anybody', words: ['refund'] } } });
  const call = fresh('CA');
  const forged = { event: 'rule.fired', agent: place.agent, callId: call, text: 'refund' };
  const { body } = await board.admin<{ rejected: object[] }>('POST', '/v1/ingest', [forged]);
  expect(body.rejected).toHaveLength(1);
  await board.ingest(started(place.agent, call), callerSays(place.agent, call, 'u1', 'refund'));
  await firings(place, 1);
  await board.ingest(ended(place.agent, call));
  expect(await firedOf(board, place)).toHaveLength(1);
});
