/** What is sent once more because somebody asks, and what is sent once a call. */
import { ended, said, settled, started } from '../support/calls.js';
import { query } from '../support/database.js';
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { type Place, WebhookPlaces, arrived } from '../support/webhooks.js';

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

const redeliver = ({ tenant, hook }: Place, event: string) =>
  places.ask<{ detail: string }>(tenant, 'POST', `/${hook.id}/redeliver`, { event });
const recover = ({ tenant, hook }: Place, from: object) => places.ask(tenant, 'POST', `/${hook.id}/recover`, from);

/** An endpoint that has been sent so many events, of a call each. */
async function placeWith(events: number, options: object = {}): Promise<Place> {
  const one = await places.place(options);
  for (let event = 0; event < events; event += 1) await board.ingest(started(one.agent, fresh('CA')));
  await arrived(one, events);
  await places.settled(one);
  return one;
}

it('sends an event again with the same id and body, and nothing else', async () => {
  const one = await placeWith(3);
  await expectStatus(202, redeliver(one, '2'));
  await arrived(one, 4);
  await places.settled(one);
  const [first, second] = one.receiver.deliveries.filter(({ body }) => body.id === '2');
  expect(one.receiver.deliveries).toHaveLength(4);
  expect([second?.id, second?.body.data]).toEqual([first?.id, first?.body.data]);
  const audit = await board.request<{ audit: object[] }>('GET', '/v1/audit', one.tenant);
  expect(audit.body.audit[0]).toMatchObject({
    action: 'webhook.redeliver',
    target: one.hook.id,
    after: { event: '2' },
  });
});

it('does not know an event that is not there, or that the endpoint is not sent', async () => {
  const one = await placeWith(1, { types: ['call.started'] });
  const call = fresh('CA');
  await board.ingest(said(one.agent, call, 'u1', 'hello'));
  for (const event of ['2', '3', '999999']) expect((await redeliver(one, event)).status).toBe(404);
  expect((await redeliver(one, '0')).status).toBe(400);
});

it('makes an event due that waits for its time, in its place: the rest of its call comes after it', async () => {
  const one = await places.place();
  const call = fresh('CA');
  one.receiver.answer = () => ({ status: 503, headers: { 'Retry-After': '3600' } });
  await board.ingest(started(one.agent, call), said(one.agent, call, 'u1', 'hello'), ended(one.agent, call));
  await waitFor(async () => (await places.look(one)).waiting === 3, 'three to wait');
  one.receiver.answer = () => 204;
  await expectStatus(202, redeliver(one, '3')); // It is held back by the first, and stays so.
  await expectStatus(202, redeliver(one, '1'));
  await places.settled(one);
  expect(one.receiver.ids).toEqual([1, 1, 2, 3]);
});

it('lets a hundred events wait to be sent again, and no more', async () => {
  const one = await placeWith(102);
  await expectStatus(200, places.ask(one.tenant, 'PATCH', `/${one.hook.id}`, { status: 'paused' }));
  await query(
    board.databaseUrl,
    `INSERT INTO webhook_waiting (webhook_id, seq, tenant_id, shard, tries, next_at)
     SELECT $1, seq, $2, (SELECT shard FROM log_readers WHERE name = $1), 0, now() FROM generate_series(1, 99) seq`,
    [one.hook.id, one.tenant.id],
  );
  await expectStatus(202, redeliver(one, '100'));
  const refused = await redeliver(one, '101');
  expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '30']);
  await expectStatus(202, redeliver(one, '100')); // It waits already.
  await expectStatus(200, places.ask(one.tenant, 'PATCH', `/${one.hook.id}`, { status: 'active' }));
  await places.settled(one);
  await expectStatus(202, redeliver(one, '101'));
});

it('sends everything after an event once more, with the same ids', async () => {
  const one = await placeWith(5);
  const ids = new Map(one.receiver.deliveries.map(({ id, body }) => [body.id, id]));
  const { body } = await expectStatus(200, recover(one, { after: '3' }));
  expect(Number(body.cursor)).toBeGreaterThanOrEqual(3);
  await arrived(one, 7);
  await places.settled(one);
  const again = one.receiver.deliveries.slice(5);
  expect(again.map(({ body: { id } }) => id).sort()).toEqual(['4', '5']);
  for (const delivery of again) expect(delivery.id).toBe(ids.get(delivery.body.id));
  expect((await recover(one, { after: '6' })).status).toBe(400);
  expect((await recover(one, { after: '1', since: '2026-01-01T00:00:00Z' })).status).toBe(400);
});

it('sends everything since a moment once more', async () => {
  const one = await placeWith(2);
  await query(
    board.databaseUrl,
    `UPDATE events SET received_at = received_at - interval '2 hours' WHERE tenant_id = $1`,
    [one.tenant.id],
  );
  const since = new Date(Date.now() - 3600_000).toISOString();
  for (let event = 0; event < 3; event += 1) await board.ingest(started(one.agent, fresh('CA')));
  await arrived(one, 5);
  await places.settled(one);
  await expectStatus(200, recover(one, { since }));
  await arrived(one, 8);
  await places.settled(one);
  expect(one.receiver.ids.slice(5).sort()).toEqual([3, 4, 5]);
});

it('sends what is new after a recovery in its order, also when the endpoint has failed before', async () => {
  const one = await places.place();
  const call = fresh('CA');
  one.receiver.answer = () => 503;
  await board.ingest(started(one.agent, call), said(one.agent, call, 'u1', 'hello'));
  await waitFor(async () => (await places.look(one)).waiting === 2, 'two to wait');
  one.receiver.answer = () => 204;
  await expectStatus(200, recover(one, { after: '0' }));
  await board.ingest(ended(one.agent, call));
  await places.settled(one);
  expect(one.receiver.ids.slice(1)).toEqual([1, 2, 3]);
});

it('sends a call once, whole, when it has ended, where it is asked for calls', async () => {
  const one = await places.place({ each: 'call' });
  const [first, second, open] = [fresh('CA'), fresh('CA'), fresh('CA')];
  await board.ingest(started(one.agent, first), started(one.agent, open), said(one.agent, first, 'u1', 'hello'));
  await board.ingest(ended(one.agent, first), started(one.agent, second), ended(one.agent, second));
  await arrived(one, 2);
  await settled(board);
  await places.settled(one);
  const sorted = one.receiver.deliveries.map(({ body }) => body).sort((a, b) => Number(a.id) - Number(b.id));
  expect(sorted.map(({ type, id, previous, data }) => [type, id, previous, data['callId']])).toEqual([
    ['call.completed', '4', null, first],
    ['call.completed', '6', '4', second],
  ]);
  expect(sorted[0]?.data).toMatchObject({
    state: 'ended',
    reason: 'hangup',
    transcript: [expect.objectContaining({ text: 'hello' }) as object],
  });
});
