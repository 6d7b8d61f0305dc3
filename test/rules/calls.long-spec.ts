/** Fired rules in the calls: docs/rules.md, "What is said". */
import { callsNow, callsOf, callOf, idsIn, started } from '../support/calls.js';
import { callerSays, ended, placeOf, write } from '../support/rules.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => {
  board = await Switchboard.start();
});
afterAll(() => board.stop());

async function placeWithRule() {
  const place = await placeOf(board);
  const rule = await write(board, place, { name: 'refund', when: { said: { by: 'caller', words: ['refund'] } } });
  return { place, rule };
}

it('a call in which a rule has fired says so in the list and by itself, and the list can be narrowed to it', async () => {
  const { place, rule } = await placeWithRule();
  const [caught, plain] = [fresh('CA'), fresh('CA')];
  for (const [call, text] of [
    [caught, 'A refund, please'],
    [plain, 'Thank you'],
  ] as const)
    // prettier-ignore
    await board.ingest(started(place.agent, call), callerSays(place.agent, call, 'u1', text), ended(place.agent, call));
  await waitFor(async () => idsIn(await callsNow(board, place, `?rule=${rule}`)).length === 1, 'the call');
  const fired = [
    {
      id: expect.any(String),
      rule,
      name: 'refund',
      at: expect.any(String),
      because: { condition: 'said', event: '2', text: 'A refund, please' },
    },
  ];
  const { body } = await callsOf(board, place);
  expect(new Map(body.calls.map((call) => [call.callId, call.fired]))).toEqual(
    new Map([
      [plain, undefined],
      [caught, fired],
    ]),
  );
  expect((await callOf(board, place, caught)).body.fired).toEqual(fired);
  const platform = await board.admin<{ calls: unknown[] }>('GET', `/v1/admin/calls?rule=${rule}`);
  expect(platform.body.calls).toEqual([expect.objectContaining({ callId: caught, tenant: place.id, fired })]);
});

it('another tenant finds nothing by a rule that is not its own, and what is no rule is refused', async () => {
  const [{ rule, place }, { place: other }] = [await placeWithRule(), await placeWithRule()];
  const call = fresh('CA');
  await board.ingest(started(place.agent, call), callerSays(place.agent, call, 'u1', 'refund'));
  await waitFor(async () => idsIn(await callsNow(board, place, `?rule=${rule}`)).length === 1, 'the call');
  expect(idsIn(await callsOf(board, other, `?rule=${rule}`))).toEqual([]);
  for (const wrong of ['', 'refund', '%22%7D', `${rule},${rule}`])
    expect((await callsNow(board, other, `?rule=${wrong}`)).status).toBe(400);
});

it('names the very condition that is wrong among several', async () => {
  const place = await placeOf(board);
  const when = {
    all: [{ score: 'failed' }, { said: { by: 'caller', pattern: '(?=a)' } }, { silence: { seconds: 0 } }],
  };
  const { status, body } = await board.request<{ errors: { path: string }[] }>('POST', '/v1/rules', {
    token: place.token,
    body: { name: 'several', when },
  });
  expect(status).toBe(400);
  expect(body.errors.map(({ path }) => path)).toEqual(['when.all.1.said.pattern', 'when.all.2.silence.seconds']);
});
