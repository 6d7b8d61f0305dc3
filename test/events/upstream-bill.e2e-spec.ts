/** What an upstream charges for a call is the operator's bill: no tenant ever sees it, wherever its events come out. */
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

it('stays with the operator: live, replayed, as CloudEvents and in the log', async () => {
  const agent = fresh('mara');
  const { token } = await board.createTenant({ agents: [agent] });
  const [live, events] = await Promise.all(
    ['', '?format=cloudevents'].map((query) => board.open(`/v1/events${query}`, { token })),
  );
  const admin = await board.open('/v1/admin/events', { token: board.adminToken });
  for (const stream of [live, events, admin]) await stream?.untilType('connected');
  const callId = fresh('CA');
  await board.ingest(
    { event: 'call.started', agent, callId },
    {
      event: 'call.summary',
      agent,
      callId,
      reason: 'hangup',
      cost: 0.0412,
      duration: 12345678901234567890n.toString(),
    },
  );
  const seen = [];
  for (const stream of [live, events, admin]) {
    const frame = await stream?.untilType('call.summary');
    seen.push(JSON.stringify(frame?.data));
  }
  const replay = await board.open('/v1/events?after=0', { token });
  seen.push(JSON.stringify((await replay.untilType('call.summary')).data));
  seen.push((await board.request('GET', '/v1/log', { token })).text);
  expect(seen.map((text) => text.includes('cost'))).toEqual([false, false, true, false, false]);
  expect(seen.every((text) => text.includes('hangup'))).toBe(true);
});
