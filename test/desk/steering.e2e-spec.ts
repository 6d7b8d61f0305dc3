/** Steering: what a person asks of a call in progress reaches its source once, by nobody else, and is in the books. */
import { DESK_SCOPES, DeskPlace } from '../support/desk-place.js';
import { KEY_NAME, endCall } from '../support/pinecall2-desk.js';
import { GATEWAY_KEY } from '../support/pinecall2-gateway.js';
import { expectStatus } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const SUPERVISOR_KEY = 'pc_live_supervisor';

let place: DeskPlace;
beforeAll(async () => {
  place = await DeskPlace.start({ PINECALL2_SUPERVISOR_KEY: SUPERVISOR_KEY });
  place.gateway.keys.add(SUPERVISOR_KEY);
});
afterAll(() => place.stop());
afterEach(() => {
  place.gateway.desk.verbStatus = undefined;
  place.gateway.verbs.splice(0);
});

interface Options {
  readonly token: string;
  readonly key?: string;
}

const steer = (call: string, body: object, { token, key }: Options) =>
  place.board.request('POST', `/v1/calls/${call}/verbs`, {
    token,
    body,
    ...(key !== undefined && { headers: { 'Idempotency-Key': key } }),
  });

it('each verb goes to the call’s source with its own fields, by the supervisor’s key, and is accepted', async () => {
  const customer = await place.customer();
  const { call } = await place.begin(customer);
  const verbs = [
    { verb: 'whisper', text: 'Offer the early one.' },
    { verb: 'takeover' },
    { verb: 'say', text: 'Ana here: «sí».' },
    { verb: 'release' },
    { verb: 'transfer', to: '+34910000000', mode: 'warm' },
    { verb: 'end', reason: 'done' },
  ];
  for (const verb of verbs) {
    const { status, body } = await steer(call, { ...verb, by: 'Ana' }, customer);
    expect([status, body]).toEqual([202, { callId: call, verb: verb.verb, by: 'Ana' }]);
  }
  expect(place.gateway.verbs).toEqual(verbs.map((body) => ({ call, body })));
  expect(place.gateway.keysSeen.slice(-verbs.length)).toEqual(verbs.map(() => `Bearer ${SUPERVISOR_KEY}`));
});

it('both supervisors of a customer see who has the call, and the books name the token without what was said', async () => {
  const [customer, other] = [await place.customer(), await place.customer()];
  const { call } = await place.begin(customer);
  const watching = await place.board.open('/v1/events', { token: customer.token });
  const strangers = await place.board.open('/v1/events', { token: other.token });
  await Promise.all([watching, strangers].map((one) => one.until(({ frames }) => frames.some(({ type }) => type === 'log.caught_up')))); // prettier-ignore
  const second = await place.board.createToken(customer.id, { scopes: DESK_SCOPES });
  await expectStatus(202, steer(call, { verb: 'takeover', by: 'Ana' }, customer));
  await watching.until((one) => one.of('call.steered').length > 0 && one.of('handoff.active').length > 0);
  expect(watching.of('call.steered')[0]?.data).toMatchObject({ callId: call, verb: 'takeover', by: 'Ana' });
  expect(watching.of('handoff.active')[0]?.data).toMatchObject({ by: KEY_NAME });
  const handoff = async () =>
    (await place.board.request<{ handoff?: object }>('GET', `/v1/calls/${call}`, { token: second.token })).body.handoff;
  await waitFor(async () => JSON.stringify(await handoff()).includes('Ana'));
  await expectStatus(202, steer(call, { verb: 'say', text: 'a secret of ours' }, second));
  await expectStatus(202, steer(call, { verb: 'takeover', by: 'Ben' }, second));
  await waitFor(async () => JSON.stringify(await handoff()).includes('Ben'));
  await expectStatus(202, steer(call, { verb: 'release', by: 'Ben' }, second));
  await waitFor(async () => (await handoff()) === undefined);
  const entries = async (path: string, token: string) =>
    (await place.board.request<{ audit: Record<string, unknown>[] }>('GET', path, { token })).body.audit
      .filter(({ target }) => target === call)
      .map(({ by, action, after }) => ({ by, action, after }));
  const steered = (by: string, name: string, verb: string) => ({ by, action: 'call.steer', after: { verb, by: name } });
  const expected = [
    steered(second.tokenId, 'Ben', 'release'),
    steered(second.tokenId, 'Ben', 'takeover'),
    steered(second.tokenId, `token ${second.tokenId.slice(0, 8)}`, 'say'),
    steered(customer.tokenId, 'Ana', 'takeover'),
  ];
  expect(await entries('/v1/audit', customer.token)).toEqual(expected);
  expect(await entries('/v1/admin/audit', place.board.adminToken)).toEqual(expected);
  expect(strangers.raw).not.toContain(call);
});

it('a call that is foreign, unknown, over, or ends meanwhile is the same 404', async () => {
  const [customer, other] = [await place.customer(), await place.customer()];
  const log = await place.begin(customer);
  const over = await place.begin(other);
  endCall(place.gateway, over);
  await place.seen(over.call, other.token, (text) => text.includes('"state":"ended"'));
  const ending = await place.begin(other);
  const answers = [];
  for (const call of ['never-was', log.call, over.call]) answers.push(await steer(call, { verb: 'takeover' }, other));
  place.gateway.desk.verbStatus = 409;
  answers.push(await steer(ending.call, { verb: 'takeover' }, other));
  for (const { status, body } of answers)
    expect([status, { ...body, instance: '' }]).toEqual([404, { ...answers[0]?.body, instance: '' }]);
  expect(answers[0]?.body['type']).toBe('/problems/call-not-found');
  expect(place.gateway.verbs).toEqual([]);
});

it('a call that came another way, or has a foreign call’s id, is 409 and moves nothing', async () => {
  const [customer, other] = [await place.customer(), await place.customer()];
  const { call } = await place.begin(customer);
  const elsewhere = fresh('call');
  await place.board.ingest({ event: 'call.started', agent: other.agent, callId: elsewhere });
  const forged = [{ event: 'call.started', agent: other.agent, callId: call }];
  await expectStatus(200, place.board.request('POST', '/v1/ingest', { token: other.token, body: forged }));
  const offered = async (id: string, token: string) =>
    (await place.board.request('GET', `/v1/calls/${id}/verbs`, { token })).body['verbs'];
  expect(await offered(call, customer.token)).toEqual(['takeover', 'release', 'say', 'whisper', 'transfer', 'end']);
  for (const id of [elsewhere, call]) {
    await place.seen(id, other.token, (text) => text.includes('"state":"live"'));
    expect(await offered(id, other.token)).toEqual([]);
    const { status, body } = await steer(id, { verb: 'end' }, other);
    expect([id, status, body['type']]).toEqual([id, 409, '/problems/not-steerable']);
  }
  expect(place.gateway.verbs).toEqual([]);
});

it('its source’s faults are never blamed on the person, and its key is in no answer', async () => {
  const customer = await place.customer();
  const { call } = await place.begin(customer);
  for (const [upstream, status, type] of [
    [500, 503, 'unavailable'],
    [403, 409, 'not-steerable'],
    [422, 400, 'validation'],
  ] as const) {
    place.gateway.desk.verbStatus = upstream;
    const answer = await steer(call, { verb: 'takeover' }, customer);
    expect([upstream, answer.status, answer.body['type']]).toEqual([upstream, status, `/problems/${type}`]);
    if (status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.text + JSON.stringify([...answer.headers])).not.toMatch(
      new RegExp(`${SUPERVISOR_KEY}|${GATEWAY_KEY}`),
    );
  }
});

it('bodies are held to what each verb takes', async () => {
  const customer = await place.customer();
  for (const body of [
    {},
    { verb: 'shout', text: 'x' },
    { verb: 'say' },
    { verb: 'say', text: '  ' },
    { verb: 'say', text: 'x'.repeat(2001) },
    { verb: 'say', text: 'a\u0000b' },
    { verb: 'transfer' },
    { verb: 'transfer', to: '+1', mode: 'hot' },
    { verb: 'takeover', text: 'x' },
    { verb: 'end', to: '+1' },
  ]) {
    const { status, body: said } = await steer('never-was', body, customer);
    expect([body, status, said['type']]).toEqual([body, 400, '/problems/validation']);
  }
});

it('needs its own scope, and no session’s cookie is enough', async () => {
  const customer = await place.customer();
  const { call } = await place.begin(customer);
  const reader = await place.board.createToken(customer.id, { scopes: ['events:read', 'recordings:read'] });
  expect((await steer(call, { verb: 'takeover' }, reader)).status).toBe(403);
  const session = await place.board.request('POST', '/v1/session', { token: customer.token });
  const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
  const body = { verb: 'takeover' };
  const byCookie = await place.board.request('POST', `/v1/calls/${call}/verbs`, { body, headers: { cookie } });
  expect(byCookie.status).toBe(403);
  expect(place.gateway.verbs).toEqual([]);
});

it('with an Idempotency-Key a verb is sent once, and the key serves no other', async () => {
  const customer = await place.customer();
  const { call } = await place.begin(customer);
  const options = { token: customer.token, key: fresh('key') };
  const say = (text: string) => steer(call, { verb: 'say', text }, options);
  const both = await Promise.all([say('once'), say('once')]);
  expect([...both, await say('once')].map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(place.gateway.verbs).toHaveLength(1);
  expect((await say('twice')).body['type']).toBe('/problems/idempotency-key-reused');
});

it('a tenant that steers too often waits, and others do not', async () => {
  const [customer, other] = [await place.customer(), await place.customer()];
  const { call } = await place.begin(other);
  let last = await steer('never-was', { verb: 'takeover' }, customer);
  for (let tries = 0; last.status === 404 && tries < 50; tries++)
    last = await steer('never-was', { verb: 'takeover' }, customer);
  expect([last.status, last.headers.has('retry-after')]).toEqual([429, true]);
  expect((await steer(call, { verb: 'takeover' }, other)).status).toBe(202);
});

it('a process that does not read the gateway steers its calls all the same', async () => {
  const customer = await place.customer();
  const { call } = await place.begin(customer);
  const beside = await place.board.beside({ SOURCES: place.gateway.source, PINECALL_API_KEY: GATEWAY_KEY });
  try {
    const options = { token: customer.token, body: { verb: 'takeover' } };
    expect((await beside.request('POST', `/v1/calls/${call}/verbs`, options)).status).toBe(202);
  } finally {
    await beside.stop();
  }
});
