import { parsed } from '../../src/calls/fold/value.js';
import { eachInTurns } from '../../src/common/turns.js';
import { itemsIn } from '../../src/sources/ingest-body.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start({ LIMIT_INGEST_BYTES_PER_SECOND: '200000' })));
afterAll(() => board.stop());

const SCOPES = ['events:read', 'events:write'];
const send = ({ token }: { token: string }, body: unknown) => board.request('POST', '/v1/ingest', { token, body });

async function writer(): Promise<{ tenant: TestTenant; agent: string }> {
  const agent = fresh('agent');
  return { tenant: await board.createTenant({ agents: [agent], scopes: SCOPES }), agent };
}

/** Another tenant's call of now is on its list: whatever was sent before holds nothing up. */
async function othersGoOn(): Promise<void> {
  const { tenant, agent } = await writer();
  const callId = fresh('call');
  expect((await send(tenant, { event: 'call.started', agent, callId })).status).toBe(200);
  await waitFor(async () => {
    const { text } = await board.request('GET', '/v1/calls', { token: tenant.token });
    return text.includes(callId);
  }, 'another tenant’s call');
}

describe('numbers that a double cannot hold', () => {
  it('are no text: a type, an agent, a call of digits is refused, and nothing can be planted in the log', async () => {
    const { tenant, agent } = await writer();
    const callId = fresh('call');
    const n = '9007199254740993';
    for (const event of [
      `{"event":${n},"agent":"${agent}","callId":"${callId}"}`,
      `{"event":"x","agent":${n},"callId":"${callId}"}`,
      `{"event":"x","agent":"${agent}","callId":1e400}`,
    ])
      expect([event, (await send(tenant, event)).status]).toEqual([event, 400]);
    await send(tenant, `{"event":"x","agent":"${agent}","callId":"${callId}","data":${n},"at":${n},"seq":${n}}`);
    await send(tenant, `{"event":"tool.call","agent":"${agent}","callId":"${callId}","id":${n},"args":{"to":${n}}}`);
    await send(
      tenant,
      `{"event":"call.ended","agent":"${agent}","callId":"${callId}","duration":12.3000000000000000001}`,
    );
    const log = await board.request<{ events: unknown[] }>('GET', '/v1/log', { token: tenant.token });
    expect(log.body.events).toHaveLength(3);
    expect(log.text).toContain(`"data":${n}`);
    await othersGoOn();
    const call = await board.request('GET', `/v1/calls/${callId}`, { token: tenant.token });
    expect(call.text).toContain(`"to":${n}`);
    expect(call.body['duration']).toBe(12.3);
  });
});

describe('JSON in a text', () => {
  const deep = '['.repeat(30_000) + ']'.repeat(30_000);

  it('that is nested too deep stays a text, and holds nobody’s calls up', async () => {
    const { tenant, agent } = await writer();
    const callId = fresh('call');
    const calls = Array.from({ length: 30 }, (_, index) => ({
      event: 'tool.call',
      agent,
      callId,
      id: `t${index}`,
      args: index % 2 === 0 ? deep : deep.slice(0, 16_000),
    }));
    for (const call of calls) expect((await send({ token: board.adminToken }, call)).status).toBe(200);
    await othersGoOn();
    const { body } = await board.request('GET', `/v1/calls/${callId}`, { token: tenant.token });
    expect((body['tools'] as { arguments: unknown }[])[0]?.arguments === deep).toBe(true);
  });

  it.each([
    [`${'['.repeat(32)}${']'.repeat(32)}`, 'object'],
    [`${'['.repeat(33)}${']'.repeat(33)}`, 'string'],
    ['{"text":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}', 'object'],
    ['{"n":1e400}', 'string'],
    ['{"n":0.1000000000000000055}', 'string'],
  ])('%s is unfolded to: %s', (text, kind) => expect(typeof parsed(text)).toBe(kind));
});

describe('a body', () => {
  const numbers = (bytes: number) => `[${'1,'.repeat(bytes / 2 - 1)}1]`;

  it('of a tenant is charged by its bytes before it is parsed, and may have 2 MB', async () => {
    const [{ tenant, agent }, other] = [await writer(), await writer()];
    const tooLarge = await send(tenant, numbers(2_200_000));
    expect([tooLarge.status, tooLarge.body['type']]).toEqual([413, '/problems/payload-too-large']);
    expect((await send(tenant, message(agent, fresh('c'), 1))).status).toBe(200);
    expect((await send(tenant, numbers(1_800_000))).status).toBe(413);
    const next = await send(tenant, 'this is no JSON'.repeat(10_000));
    expect([next.status, next.body['type']]).toEqual([429, '/problems/rate-limited']);
    expect(Number(next.headers.get('retry-after'))).toBeGreaterThan(1);
    expect((await send(other.tenant, message(other.agent, fresh('c'), 1))).status).toBe(200);
  });

  it('of the platform may have 8 MB; an element that is too large or too deep is refused alone', async () => {
    const { agent } = await writer();
    const event = JSON.stringify({ event: 'x', agent, callId: fresh('c'), text: 'x'.repeat(10_000) });
    const large = `{"event":"x","agent":"${agent}","n":${numbers(300_000)}}`;
    const deep = `{"event":"x","agent":"${agent}","d":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const elements = [...Array.from({ length: 400 }, () => event), large, deep, event];
    const { status, body } = await send({ token: board.adminToken }, `[${elements.join(' ,\n')}]`);
    expect([status, body['accepted']]).toEqual([200, 401]);
    const rejected = body['rejected'] as { index: number; problem: { type: string } }[];
    expect(rejected.map(({ index, problem }) => [index, problem.type])).toEqual([
      [400, '/problems/payload-too-large'],
      [401, '/problems/validation'],
    ]);
  });

  it('that is long gives way to others while it is read', async () => {
    const event = JSON.stringify({ event: 'x', agent: 'mara', n: Array.from({ length: 400 }, (_, index) => index) });
    const body = `[${Array.from({ length: 5000 }, () => event).join(',')}]`;
    let rounds = 0;
    let isOver = false;
    const count = () => {
      rounds += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    let items = 0;
    await eachInTurns(itemsIn(body, false), () => (items += 1));
    isOver = true;
    expect(items).toBe(5000);
    expect(rounds).toBeGreaterThan(3);
  });

  it.each(['[', '[{}', '[{},', '[,]', '[{},]', '[}', '[{}]]', '[{}] x', '["a]', '[{"a":"\\"]'])(
    '%s is no JSON',
    (body) => {
      expect(() => [...itemsIn(body, false)]).toThrow('The body is not JSON.');
    },
  );
});
