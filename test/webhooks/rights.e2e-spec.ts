/** An endpoint reads its tenant's log as a stream does: what suspension, a transfer and an erasure do to it. */
import { ended, said, started } from '../support/calls.js';
import { query } from '../support/database.js';
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { type Made, WebhookPlaces, arrived } from '../support/webhooks.js';

let board: Switchboard;
let places: WebhookPlaces;
beforeAll(async () => {
  board = await Switchboard.start({ WEBHOOKS_ALLOW: '127.0.0.0/8' });
  places = new WebhookPlaces(board);
});
afterAll(async () => {
  await board.stop();
  await places.stop();
});

const setStatus = (tenant: string, status: string) =>
  expectStatus(200, board.admin('PATCH', `/v1/admin/tenants/${tenant}`, { status }));

/** Looks for what is due do not read its events any more. */
async function parked({ id }: Made, count: number): Promise<void> {
  const text = `SELECT count(*)::int AS parked FROM webhook_waiting WHERE webhook_id = $1 AND next_at = 'infinity'`;
  const rows = () => query<{ parked: number }>(board.databaseUrl, text, [id]);
  await waitFor(async () => (await rows())[0]?.parked === count, `${count} parked events`);
}

it('is sent nothing while its tenant is suspended, and then everything, in order', async () => {
  const [one, beside] = [await places.place(), await places.place()];
  const [call, later] = [fresh('CA'), fresh('CA')];
  one.receiver.answer = () => 503;
  await board.ingest(started(one.agent, call), said(one.agent, call, 'u1', 'hello'));
  await arrived(one, 1);
  await waitFor(async () => (await places.look(one)).waiting === 2, 'two to wait');
  await setStatus(one.tenant.id, 'suspended');
  await board.ingest(ended(one.agent, call), started(one.agent, later));
  await places.passTime(one.hook);
  await parked(one.hook, 1);
  await board.ingest(started(beside.agent, fresh('CA')));
  await arrived(beside, 1); // Committed later, and sent.
  expect(one.receiver.deliveries).toHaveLength(1);
  one.receiver.answer = () => 204;
  await setStatus(one.tenant.id, 'active');
  await arrived(one, 5);
  await places.settled(one);
  const ofCall = one.receiver.deliveries.filter(({ body }) => body.data['callId'] === call);
  expect(ofCall.map(({ body }) => body.id)).toEqual(['1', '1', '2', '3']);
  expect(one.receiver.ids).toHaveLength(5);
});

it('costs no look while it is paused, and is sent what waits when it goes on', async () => {
  const one = await places.place();
  const calls = [fresh('CA'), fresh('CA'), fresh('CA')];
  one.receiver.answer = () => 503;
  await board.ingest(...calls.map((call) => started(one.agent, call)), said(one.agent, calls[0] ?? '', 'u1', 'hello'));
  await waitFor(async () => (await places.look(one)).waiting === 4, 'four to wait');
  await expectStatus(200, places.ask(one.tenant, 'PATCH', `/${one.hook.id}`, { status: 'paused' }));
  await places.passTime(one.hook);
  await parked(one.hook, 3);
  const before = one.receiver.deliveries.length;
  one.receiver.answer = () => 204;
  await expectStatus(200, places.ask(one.tenant, 'PATCH', `/${one.hook.id}`, { status: 'active' }));
  await places.settled(one);
  expect(one.receiver.ids.slice(before).sort()).toEqual([1, 2, 3, 4]);
  await parked(one.hook, 0);
});

it('is sent the calls that began while the agent was its tenant’s, to their end, and no others', async () => {
  const [one, other] = [await places.place(), await places.place()];
  const { agent } = one;
  const [before, after] = [fresh('CA'), fresh('CA')];
  await board.ingest(started(agent, before));
  await board.assign(agent, other.tenant.id, one.tenant.id);
  await board.ingest(said(agent, before, 'u1', 'still theirs'), started(agent, after), ended(agent, before));
  await board.ingest(ended(agent, after));
  await Promise.all([arrived(one, 3), arrived(other, 2)]);
  await Promise.all([places.settled(one), places.settled(other)]);
  const sentTo = ({ receiver }: typeof one) => receiver.deliveries.map(({ body }) => [body.data['callId'], body.type]);
  expect(sentTo(one)).toEqual([
    [before, 'call.started'],
    [before, 'user.message'],
    [before, 'call.ended'],
  ]);
  expect(sentTo(other)).toEqual([
    [after, 'call.started'],
    [after, 'call.ended'],
  ]);
});

it('is sent nothing that was said in an erased call, though it waited, and no attempt remembers it', async () => {
  const one = await places.place();
  const [call, secret] = [fresh('CA-gone'), fresh('secret')];
  one.receiver.answer = ({ text }) => ({ status: 503, body: text });
  await board.ingest(started(one.agent, call, { from: secret }), said(one.agent, call, 'u1', secret));
  await waitFor(async () => (await places.attemptsOf(one))[0]?.response?.includes(secret), 'an answer that repeats it');
  await expectStatus(204, board.admin('DELETE', `/v1/admin/calls/${call}`));
  const before = one.receiver.deliveries.length;
  one.receiver.answer = () => 204;
  await places.passTime(one.hook);
  await places.settled(one);
  const sent = one.receiver.deliveries.slice(before);
  expect(sent.map(({ body }) => [body.type, body.id]).sort()).toEqual(['1', '2', '3'].map((id) => ['call.erased', id]));
  expect(sent.filter(({ text }) => text.includes(secret))).toEqual([]);
  const attempts = await places.attemptsOf(one);
  expect(JSON.stringify(attempts)).not.toContain(secret);
  expect(attempts.filter(({ status }) => status === 503).map(({ callId, response }) => [callId, response])).toEqual([
    [null, null],
  ]);
});
