/** Webhooks: what is sent to an endpoint, in which order, and what becomes of it where it is not taken. */
import { ended, said, started } from '../support/calls.js';
import { query } from '../support/database.js';
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { verify } from '../support/webhook-receiver.js';
import { type Made, type Place, WebhookPlaces, arrived } from '../support/webhooks.js';

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

const place = (options?: object) => places.place(options);
const look = (one: Place) => places.look(one);
const passTime = (hook: Made) => places.passTime(hook);
const attemptsOf = (one: Place, suffix?: string) => places.attemptsOf(one, suffix);

it('sends every event once, signed, in order within a call, and says which came before it', async () => {
  const one = await place();
  const [first, second] = [fresh('CA'), fresh('CA')];
  const { agent } = one;
  await board.ingest(
    started(agent, first),
    started(agent, second),
    said(agent, first, 'u1', 'hello'),
    ended(agent, first),
  );
  await board.ingest(ended(agent, second));
  await arrived(one, 5);
  const { deliveries } = one.receiver;
  for (const delivery of deliveries) expect(verify(delivery, one.hook.secret)).toEqual(delivery.body);
  const ofCall = (call: string) =>
    deliveries.filter(({ body }) => body.data['callId'] === call).map(({ body }) => body.type);
  expect(ofCall(first)).toEqual(['call.started', 'user.message', 'call.ended']);
  expect(ofCall(second)).toEqual(['call.started', 'call.ended']);
  const sorted = [...deliveries].sort((a, b) => Number(a.body.id) - Number(b.body.id));
  expect(sorted.map(({ body }) => body.previous)).toEqual([null, '1', '2', '3', '4']);
  expect(sorted[0]?.body).toEqual({
    type: 'call.started',
    id: '1',
    previous: null,
    timestamp: expect.any(String) as string,
    data: expect.objectContaining({ callId: first, agent }) as object,
  });
  expect(new Set(deliveries.map(({ id }) => id)).size).toBe(5);
  await waitFor(async () => (await look(one)).cursor === '5', 'the cursor');
  expect(await look(one)).toMatchObject({ status: 'active', behind: 0, waiting: 0, lastFailure: null });
});

it('sends another endpoint nothing of another tenant, and only what it asked for', async () => {
  const one = await place({ types: ['call.*'] });
  const other = await place();
  const call = fresh('CA');
  await board.ingest(started(one.agent, call), said(one.agent, call, 'u1', 'hello'), ended(one.agent, call));
  await board.ingest(started(other.agent, call));
  await Promise.all([arrived(one, 2), arrived(other, 1)]);
  await waitFor(async () => (await look(one)).cursor === '3', 'the cursor');
  expect(one.receiver.types).toEqual(['call.started', 'call.ended']);
  expect(one.receiver.deliveries[1]?.body.previous).toBe('1');
  expect(other.receiver.deliveries.map(({ body }) => body.data['agent'])).toEqual([other.agent]);
});

it('sends again what was not taken, with the same id; its call waits behind it, others do not', async () => {
  const one = await place();
  const [bad, good] = [fresh('CA'), fresh('CA')];
  let isBroken = true;
  one.receiver.answer = ({ body }) => (isBroken && body.data['callId'] === bad ? 503 : 200);
  await board.ingest(started(one.agent, bad), said(one.agent, bad, 'u1', 'hello'), started(one.agent, good));
  await board.ingest(ended(one.agent, bad), ended(one.agent, good));
  await waitFor(
    () => one.receiver.deliveries.filter(({ body }) => body.data['callId'] === good).length === 2,
    'the other call',
  );
  await waitFor(async () => (await look(one)).cursor === '5', 'the cursor');
  expect(await look(one)).toMatchObject({ waiting: 3, behind: 0 });
  const [failed] = await attemptsOf(one, '?status=failed');
  expect(failed).toMatchObject({ event: '1', status: 503, reason: 'it answered 503' });
  const delayMs = Date.parse(failed?.next ?? '') - Date.now();
  expect(delayMs).toBeGreaterThan(0);
  expect(delayMs).toBeLessThan(6000); // 5 s, with its jitter.
  isBroken = false;
  await passTime(one.hook);
  const ofBad = () => one.receiver.deliveries.filter(({ body }) => body.data['callId'] === bad);
  await waitFor(() => ofBad().length === 4, 'the rest of the call');
  expect(ofBad().map(({ body }) => body.id)).toEqual(['1', '1', '2', '4']);
  expect(ofBad()[0]?.id).toBe(ofBad()[1]?.id);
  expect(ofBad()[0]?.text).toBe(ofBad()[1]?.text);
  await waitFor(async () => (await look(one)).waiting === 0, 'nothing to wait');
});

it('honours Retry-After, and gives an endpoint up that says that it is gone: in the audit, and in the log', async () => {
  const one = await place();
  one.receiver.answer = () => ({ status: 429, headers: { 'Retry-After': '3600' } });
  await board.ingest(started(one.agent, fresh('CA')));
  const [attempt] = await waitFor(async () => ((await attemptsOf(one)).length === 1 ? attemptsOf(one) : undefined), 'it'); // prettier-ignore
  expect(Date.parse(attempt?.next ?? '') - Date.now()).toBeGreaterThan(3500_000);
  one.receiver.answer = () => 410;
  await passTime(one.hook);
  await waitFor(async () => (await look(one)).status === 'disabled', 'its end');
  const log = await board.request<{ events: { type: string; data: object }[] }>('GET', '/v1/log?after=0', one.tenant);
  expect(log.body.events.at(-1)).toMatchObject({
    type: 'webhook.disabled',
    data: { id: one.hook.id, url: one.receiver.url, reason: 'it answered 410: it is gone for good' },
  });
  const audit = await board.request<{ audit: { action: string }[] }>('GET', '/v1/audit', one.tenant);
  expect(audit.body.audit[0]).toMatchObject({ action: 'webhook.disable', target: one.hook.id });
  // Nothing is lost: it is sent when somebody says that the endpoint works.
  one.receiver.answer = () => 200;
  await expectStatus(200, places.ask(one.tenant, 'PATCH', `/${one.hook.id}`, { status: 'active' }));
  await arrived(one, 4); // The event of its end, too: it has no call.
  expect([...one.receiver.ids].sort()).toEqual([1, 1, 1, 2]);
});

it('gives an endpoint up when the last of eleven attempts has failed, hours of it made to pass', async () => {
  const one = await place();
  one.receiver.answer = () => 500;
  await board.ingest(started(one.agent, fresh('CA')));
  for (let attempts = 1; attempts <= 11; attempts++) {
    await waitFor(async () => (await attemptsOf(one)).length === attempts, `attempt ${attempts}`);
    const [last] = await attemptsOf(one);
    if (attempts === 11) expect(last?.next).toBeNull();
    else expect(last?.next).not.toBeNull();
    await passTime(one.hook);
  }
  await waitFor(async () => (await look(one)).status === 'disabled', 'its end');
  expect(new Set(one.receiver.deliveries.map(({ id }) => id)).size).toBe(1);
  const log = await board.request<{ events: object[] }>('GET', '/v1/log?after=1', one.tenant);
  const data = { id: one.hook.id, url: one.receiver.url, reason: 'it answered 500' };
  expect(log.body.events).toEqual([expect.objectContaining({ type: 'webhook.disabled', data: expect.objectContaining(data) as object })]); // prettier-ignore
  const audit = await board.request<{ audit: object[] }>('GET', '/v1/audit', one.tenant);
  expect(audit.body.audit[0]).toMatchObject({
    action: 'webhook.disable',
    target: one.hook.id,
    after: { status: 'disabled', reason: 'it answered 500' },
  });
});

it('sends everything that came while an endpoint was away for hours, in order within each call', async () => {
  const one = await place();
  const calls = Array.from({ length: 6 }, () => fresh('CA'));
  one.receiver.answer = () => 502;
  for (const call of calls) await board.ingest(started(one.agent, call));
  await waitFor(async () => (await look(one)).status === 'failing', 'trouble');
  for (let round = 0; round < 4; round++) {
    for (const call of calls) await board.ingest(said(one.agent, call, `u${round}`, 'hello'));
    await passTime(one.hook);
  }
  for (const call of calls) await board.ingest(ended(one.agent, call));
  const taken: string[] = [];
  one.receiver.answer = ({ body }) => {
    taken.push(`${String(body.data['callId'])} ${body.id}`);
    return 204;
  };
  await passTime(one.hook);
  await waitFor(() => new Set(taken).size === 36, 'everything');
  for (const call of calls) {
    const ids = taken.filter((text) => text.startsWith(`${call} `)).map((text) => Number(text.split(' ')[1]));
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  }
  await waitFor(async () => (await look(one)).waiting === 0, 'nothing to wait');
  expect((await look(one)).status).toBe('active');
});

it('signs with both secrets for a day after a rotation, and then with the new one', async () => {
  const one = await place();
  const { body } = await expectStatus(
    200,
    places.ask<{ secret: string }>(one.tenant, 'POST', `/${one.hook.id}/secret`),
  );
  await board.ingest(started(one.agent, fresh('CA')));
  await arrived(one, 1);
  const [delivery] = one.receiver.deliveries;
  for (const secret of [one.hook.secret, body.secret]) expect(delivery && verify(delivery, secret)).toBeTruthy();
  await query(board.databaseUrl, `UPDATE webhooks SET previous_until = now() - interval '1 s' WHERE id = $1`, [one.hook.id]); // prettier-ignore
  await places.ask(one.tenant, 'PATCH', `/${one.hook.id}`, { description: 'looked at anew' });
  await board.ingest(started(one.agent, fresh('CA')));
  await arrived(one, 2);
  const later = one.receiver.deliveries[1];
  expect(later && verify(later, body.secret)).toBeTruthy();
  expect(() => later && verify(later, one.hook.secret)).toThrow();
});
