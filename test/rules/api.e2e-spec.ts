/** The rules of a tenant are its own: docs/rules.md. */
import { ended, callerSays, firedOf, placeOf, write } from '../support/rules.js';
import { started } from '../support/calls.js';
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => {
  board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '100000' });
});
afterAll(() => board.stop());

const WHEN = { said: { by: 'caller', words: ['refund'] } };
const rule = (fields: object = {}) => ({ name: 'a rule', when: WHEN, ...fields });

it('are listed, read, changed and deleted by the tenant, and by an operator for it', async () => {
  const place = await placeOf(board);
  const ask = (method: string, path: string, body?: object) =>
    board.request<{ rules: object[]; next: string | null; version: number }>(method, path, {
      token: place.token,
      body,
    });
  const id = await write(board, place, { when: WHEN });
  const other = await write(board, place, { when: { silence: { seconds: 9 } }, agents: [place.agent], enabled: false });
  const first = (await ask('GET', '/v1/rules?limit=1')).body;
  expect(first.rules).toMatchObject([{ id, agents: null, when: WHEN, once: 'call', enabled: true, version: 1 }]);
  const second = (await ask('GET', `/v1/rules?limit=1&cursor=${first.next}`)).body;
  expect(second).toMatchObject({
    rules: [{ id: other, when: { silence: { seconds: 9, by: 'anybody' } } }],
    next: null,
  });
  expect((await ask('PATCH', `/v1/rules/${id}`, { name: 'other' })).body).toMatchObject({ name: 'other', version: 2 });
  const admin = `/v1/admin/tenants/${place.id}/rules`;
  expect((await board.admin('GET', `${admin}/${id}`)).body).toMatchObject({ name: 'other' });
  expect((await board.admin('POST', admin, rule())).status).toBe(201);
  expect((await board.admin('DELETE', `${admin}/${id}`)).status).toBe(204);
  expect((await ask('GET', `/v1/rules/${id}`)).status).toBe(404);
  expect((await board.admin('GET', '/v1/admin/tenants/nobody/rules')).body['type']).toBe('/problems/tenant-not-found');
  const { body } = await board.admin<{ audit: { action: string }[] }>('GET', '/v1/admin/audit?limit=5');
  expect(body.audit.map(({ action }) => action)).toContain('rule.delete');
});

it('of another tenant answer like those that are not there', async () => {
  const [one, other] = [await placeOf(board), await placeOf(board)];
  const theirs = await write(board, other, { when: WHEN });
  for (const [method, path, body] of [
    ...([
      ['GET', '', undefined],
      ['PATCH', '', { name: 'x' }],
      ['DELETE', '', undefined],
    ] as const),
    ['POST', '/backtest', {}] as const,
  ]) {
    const ask = (id: string) => board.request(method, `/v1/rules/${id}${path}`, { token: one.token, body });
    const [real, never] = [await ask(theirs), await ask('6f1c0c9e-0000-4000-8000-000000000000')];
    const essence = ({ status, body: said }: typeof real) => ({ status, ...said, instance: '' });
    expect(essence(real)).toEqual(essence(never));
    expect(real.status).toBe(404);
  }
  const foreign = { token: one.token, body: rule({ agents: [other.agent] }) };
  expect((await board.request('POST', '/v1/rules', foreign)).body['type']).toBe('/problems/agent-not-found');
});

it('hear nothing of another tenant’s calls, nor of one whose agent was taken away since', async () => {
  const [one, other] = [await placeOf(board), await placeOf(board)];
  for (const place of [one, other]) await write(board, place, { when: { said: { by: 'anybody', words: ['refund'] } } });
  const [before, after] = [fresh('CA'), fresh('CA')];
  await board.ingest(started(one.agent, before));
  await board.assign(one.agent, other.id, one.id);
  await board.ingest(
    callerSays(one.agent, before, 'u1', 'refund'),
    ended(one.agent, before),
    started(one.agent, after),
    callerSays(one.agent, after, 'u1', 'refund'),
  );
  const calls = async (place: typeof one) => (await firedOf(board, place)).map(({ callId }) => callId);
  await waitFor(async () => (await calls(one)).length + (await calls(other)).length === 2, 'both');
  expect([await calls(one), await calls(other)]).toEqual([[before], [after]]);
});

it('rest while the tenant is suspended, and go on where they stood; an erased call loses what they said', async () => {
  const place = await placeOf(board);
  await write(board, place, { when: WHEN });
  const status = (value: string) => expectStatus(200, board.admin('PATCH', `/v1/admin/tenants/${place.id}`, { status: value })); // prettier-ignore
  const inLog = async () => (await board.admin<{ events: { type: string }[] }>('GET', `/v1/admin/explain?tenant=${place.id}&event=1`)).status; // prettier-ignore
  await status('suspended');
  const call = fresh('CA');
  await board.ingest(started(place.agent, call), callerSays(place.agent, call, 'u1', 'refund'));
  await inLog();
  await status('active');
  await waitFor(async () => (await firedOf(board, place)).length === 1, 'what was said meanwhile');
  await board.admin('DELETE', `/v1/admin/calls/${call}?tenant=${place.id}`);
  expect(await firedOf(board, place)).toEqual([]);
});

it('are refused where they could not be evaluated, with the place of each fault', async () => {
  const place = await placeOf(board);
  const faults: readonly [object, string][] = [
    [{ said: { by: 'caller', words: [] } }, 'when.said.words'],
    [{ said: { by: 'caller', words: ['?!'] } }, 'when.said.words.0'],
    [{ said: { by: 'caller', pattern: '(a' } }, 'when.said.pattern'],
    [{ said: { by: 'caller', pattern: '(?=a)b' } }, 'when.said.pattern'],
    [{ said: { by: 'caller', pattern: 'a{1000}' } }, 'when.said.pattern'],
    [{ said: { by: 'caller', pattern: '((a{0,100}){0,100}){0,100}' } }, 'when.said.pattern'],
    [{ silence: { seconds: 0 } }, 'when.silence.seconds'],
    [{ score: 'passed' }, 'when.score'],
    [{ all: [{ all: [] }] }, 'when.all.0'],
    [{ said: {}, silence: {} }, 'when'],
    [{ nothing: {} }, 'when'],
  ];
  for (const [when, path] of faults) {
    const { status, body } = await board.request<{ errors: { path: string }[] }>('POST', '/v1/rules', {
      token: place.token,
      body: rule({ when }),
    });
    expect([when, status, body.errors.map((error) => error.path)]).toEqual([when, 400, expect.arrayContaining([path])]);
  }
});

it('with patterns are few, and a backtest needs the right to read', async () => {
  const place = await placeOf(board);
  const all = Array.from({ length: 8 }, () => ({ said: { by: 'caller', pattern: 'a' } }));
  for (let count = 0; count < 6; count += 1) await write(board, place, { when: { all } });
  const more = await board.request('POST', '/v1/rules', { token: place.token, body: rule({ when: { all } }) });
  expect([more.status, more.body['type']]).toEqual([409, '/problems/too-many-rules']);
  const { token } = await board.createToken(place.id, { scopes: ['rules:write'] });
  const tried = await board.request('POST', '/v1/rules/backtest', { token, body: { rule: rule() } });
  expect([tried.status, tried.body['type']]).toEqual([403, '/problems/insufficient-scope']);
});

it('that many want can be made as they are', async () => {
  const place = await placeOf(board);
  const { body } = await board.request<{ templates: { id: string }[] }>('GET', '/v1/rules/templates', place);
  expect(body.templates.map(({ id }) => id)).toEqual(['asks-for-a-person', 'agent-silent', 'tool-failed']);
  for (const { id: _id, ...template } of body.templates)
    expect((await board.request('POST', '/v1/rules', { token: place.token, body: template })).status).toBe(201);
});
