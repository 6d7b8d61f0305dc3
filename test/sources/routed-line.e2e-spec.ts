/** A phone line hands its call to an agent that another customer owns: each customer has its own part, as a call of its own. */
import { callOf, callsOf, idsIn } from '../support/calls.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

it('what the line heard stays its owner’s; from there on the call is the agent’s owner’s', async () => {
  const [line, agent, call] = [fresh('line'), fresh('julia'), fresh('CA')];
  const ofLine = await board.createTenant({ agents: [line] });
  const ofAgent = await board.createTenant({ agents: [agent] });
  const stream = await board.open('/v1/events', { token: ofAgent.token });
  await stream.untilType('connected');
  let seq = 0;
  const entry = (by: string, type: string, data: object) => ({
    seq: ++seq,
    ts: 1_786_312_200 + seq,
    call,
    agent: by,
    type,
    ephemeral: false,
    data,
  });
  await board.ingest(
    entry(line, 'call.started', { direction: 'inbound', from: '+34611111111', to: '+12180000000' }),
    entry(line, 'user.message', { id: 'u1', text: 'to the line', final: true }),
    entry(agent, 'call.started', { direction: 'inbound', from: '+34611111111', to: '+12180000000', routed_from: line }),
    entry(agent, 'user.message', { id: 'u2', text: 'to the agent', final: true }),
  );
  const textsOf = async (of: Pick<TestTenant, 'token'>) =>
    (await callOf(board, of, call)).body.transcript.map(({ text }) => text);
  await waitFor(async () => idsIn(await callsOf(board, ofAgent))[0] === call, 'the agent’s call');
  expect(await textsOf(ofAgent)).toEqual(['to the agent']);
  expect(await textsOf(ofLine)).toEqual(['to the line']);
  await stream.untilType('user.message');
  expect(JSON.stringify(stream.frames)).not.toContain('to the line');
});
