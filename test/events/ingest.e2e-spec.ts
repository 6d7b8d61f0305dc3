import { randomUUID } from 'node:crypto';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { query } from '../support/database.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

interface IngestAnswer {
  accepted: number;
  duplicates: number;
  rejected: {
    index: number;
    problem: { type: string; status: number; detail: string; errors?: { path: string; message: string }[] };
  }[];
}

const fresh = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;
const post = (body: unknown, headers: Record<string, string> = {}, token = board.adminToken) =>
  board.request<IngestAnswer & { type: string; errors: unknown }>('POST', '/v1/ingest', { token, body, headers });
const NDJSON = { 'Content-Type': 'application/x-ndjson' };

async function tenantWithAgent(scopes?: string[]): Promise<{ tenant: TestTenant; agent: string }> {
  const agent = fresh('agent');
  return { tenant: await board.createTenant({ agents: [agent], ...(scopes ? { scopes } : {}) }), agent };
}

async function logOf({ token }: TestTenant): Promise<{ id: string; type: string; data: Record<string, unknown> }[]> {
  const { body } = await board.request<{ events: { id: string; type: string; data: Record<string, unknown> }[] }>(
    'GET',
    '/v1/log',
    { token },
  );
  return body.events;
}

describe('what ingest takes', () => {
  it('takes one object, an array, NDJSON, a frame of wire A and a log envelope, in one vocabulary', async () => {
    const { tenant, agent } = await tenantWithAgent();
    const callId = fresh('call');
    expect((await post({ event: 'call.started', agent, callId, from: '+1', transport: 'phone' })).body).toEqual({
      accepted: 1,
      duplicates: 0,
      rejected: [],
    });
    expect((await post([{ event: 'user.message', agent, callId, messageId: 'u1', text: 'Hi' }])).status).toBe(200);
    const lines = [
      { event: 'bot.speaking', data: { agent, callId, messageId: 'b1', text: 'Hello' } },
      {
        seq: 7,
        ts: 1786312202.8,
        call: callId,
        agent,
        type: 'call.started',
        ephemeral: false,
        data: { channel: 'webrtc', from_number: 'x', metadata: { some_key: 1 } },
      },
      { seq: 7, ts: 1786312202.8, call: callId, agent, type: 'log.caught_up', ephemeral: false, data: { seq: 7 } },
    ];
    expect((await post(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`, NDJSON)).body).toEqual({
      accepted: 2,
      duplicates: 1,
      rejected: [],
    });
    const events = await logOf(tenant);
    expect(events.map(({ type }) => type)).toEqual(['call.started', 'user.message', 'bot.speaking', 'call.started']);
    expect(events[3]?.data).toEqual({
      callId,
      agent,
      at: '2026-08-09T21:50:02.800Z',
      seq: 7,
      transport: 'webrtc',
      fromNumber: 'x',
      metadata: { some_key: 1 },
    });
  });

  it('recognises repeats, also after a restart of everything but the database', async () => {
    const { tenant, agent } = await tenantWithAgent();
    const callId = fresh('call');
    const batch = [
      { event: 'call.started', agent, callId },
      { event: 'user.message', agent, callId, messageId: 'u1', text: 'Hi' },
      {
        seq: 3,
        ts: 1786312202,
        call: callId,
        agent,
        type: 'tool.call',
        ephemeral: false,
        data: { id: 't', name: 'n', args: {} },
      },
    ];
    expect((await post(batch)).body).toMatchObject({ accepted: 3, duplicates: 0 });
    expect((await post([...batch, ...batch])).body).toMatchObject({ accepted: 0, duplicates: 6 });
    const restarted = await board.beside();
    const repeated = await restarted.request('POST', '/v1/ingest', { token: board.adminToken, body: batch });
    await restarted.stop();
    expect(repeated.body).toMatchObject({ accepted: 0, duplicates: 3 });
    expect(await logOf(tenant)).toHaveLength(3);
  });

  it('makes any body safe to repeat with an Idempotency-Key, and tells equal events apart without one', async () => {
    const { agent } = await tenantWithAgent();
    const digit = { event: 'call.dtmf_received', agent, callId: fresh('call'), digit: '1' };
    expect((await post([digit, digit])).body).toMatchObject({ accepted: 2 });
    const key = { 'Idempotency-Key': fresh('key') };
    expect((await post([digit, digit], key)).body).toMatchObject({ accepted: 2, duplicates: 0 });
    expect((await post([digit, digit], key)).body).toMatchObject({ accepted: 0, duplicates: 2 });
  });

  it('passes unknown types and fields on', async () => {
    const { tenant, agent } = await tenantWithAgent();
    await post({
      event: 'hologram.shown',
      agent,
      callId: fresh('c'),
      nested: { deep_key: [1, { x: null }] },
      flag: false,
    });
    expect((await logOf(tenant))[0]).toMatchObject({
      type: 'hologram.shown',
      data: { nested: { deep_key: [1, { x: null }] }, flag: false },
    });
  });
});

describe('bad input gets its problem and loses nothing', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

  it.each<[string, (agent: string) => object, string, string]>([
    ['without an agent', () => ({ event: 'call.started', callId: 'c' }), '/problems/validation', 'agent'],
    ['without a type', (agent) => ({ agent, callId: 'c' }), '/problems/validation', 'type'],
    ['with a newline in its type', (agent) => ({ event: 'a\nid: 5', agent }), '/problems/validation', 'type'],
    ['called error', (agent) => ({ event: 'error', agent }), '/problems/validation', 'type'],
    ['called message', (agent) => ({ event: 'message', agent }), '/problems/validation', 'type'],
    ['that imitates our own frames', (agent) => ({ event: 'stream.closing', agent }), '/problems/validation', 'type'],
    ['with a number for an agent', () => ({ event: 'x', agent: 5 }), '/problems/validation', 'agent'],
    [
      'with an invisible character in its agent',
      () => ({ event: 'x', agent: 'ma\u200bra' }),
      '/problems/validation',
      'agent',
    ],
    ['with a line break in its agent', () => ({ event: 'x', agent: 'ma\nra' }), '/problems/validation', 'agent'],
    ['with an object for a call id', (agent) => ({ event: 'x', agent, callId: {} }), '/problems/validation', 'callId'],
    ['of 40 levels', (agent) => ({ event: 'x', agent, data2: nested(40) }), '/problems/validation', 'data'],
    ['of 65 KiB', (agent) => ({ event: 'x', agent, text: 'x'.repeat(65 * 1024) }), '/problems/payload-too-large', ''],
  ])('an event %s', async (_, make, type, path) => {
    const { tenant, agent } = await tenantWithAgent();
    const bad = make(agent);
    const good = { event: 'call.started', agent, callId: fresh('c') };
    const alone = await post(bad);
    expect(alone.status).toBe(type.endsWith('too-large') ? 413 : 400);
    expect(alone.body).toMatchObject({ type, accepted: 0, rejected: [{ index: 0, problem: { type } }] });
    const mixed = await post([bad, good]);
    expect(mixed.status).toBe(200);
    expect(mixed.body).toMatchObject({ accepted: 1, duplicates: 0, rejected: [{ index: 0, problem: { type } }] });
    if (path) expect(mixed.body.rejected[0]?.problem.errors?.[0]?.path).toBe(path);
    expect(await logOf(tenant)).toHaveLength(1);
  });

  it.each([
    ['malformed JSON', '{"event":', {}, 400],
    ['nothing', '[]', {}, 400],
    ['a bare number', '5', {}, 400],
    ['an unknown content type', 'hello', { 'Content-Type': 'text/plain' }, 415],
    ['a body of 9 MB', `"${'x'.repeat(9 * 1024 * 1024)}"`, {}, 413],
    ['JSON 100,000 levels deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, {}, 400],
    [
      'an object 100,000 levels deep',
      `{"event":"x","agent":"a","d":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
      {},
      400,
    ],
  ])('%s', async (_, body, headers, status) => {
    const answer = await post(body, headers);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.text).not.toMatch(/at .*\.(ts|js)|node_modules|SELECT|prisma/i);
  });

  it('takes the good half of an NDJSON batch and names the bad half by index', async () => {
    const { tenant, agent } = await tenantWithAgent();
    const lines = Array.from({ length: 10 }, (_, index) =>
      index % 2 === 0
        ? JSON.stringify({
            event: 'user.message',
            agent,
            callId: 'half',
            messageId: `m${index}-${agent}`,
            text: `t${index}`,
          })
        : index % 3 === 0
          ? '{not json'
          : '{"event":"x"}',
    );
    const { status, body } = await post(lines.join('\n'), NDJSON);
    expect(status).toBe(200);
    expect(body.accepted).toBe(5);
    expect(body.rejected.map(({ index }) => index)).toEqual([1, 3, 5, 7, 9]);
    expect((await logOf(tenant)).map(({ data }) => data['text'])).toEqual(['t0', 't2', 't4', 't6', 't8']);
  });

  it('carries lone surrogates, NUL, line breaks, __proto__, duplicate keys and long numbers through every reader unharmed', async () => {
    const { tenant, agent } = await tenantWithAgent();
    const reader = await board.open('/events', { token: tenant.token });
    await reader.untilType('log.caught_up');
    const odd = 'a\u0000b\r\nevent: x\rdata: y\nid: 99\u2028\u2029\u0085';
    await post(
      `{"event":"user.message","agent":"${agent}","callId":"c-${agent}","messageId":"1","text":${JSON.stringify(odd)},"lone":"\\ud800!","__proto__":{"polluted":true},"n":9007199254740993,"neg":-123456789012345678901234567890,"twice":1,"twice":2}`,
    );
    await reader.untilType('user.message');
    const replayed = await board.open('/events?after=0', { token: tenant.token });
    await replayed.untilType('log.caught_up');
    for (const one of [reader, replayed]) {
      expect(
        one.frames
          .map(({ type }) => type)
          .filter((type) => !['connected', 'log.caught_up', 'user.message'].includes(type)),
      ).toEqual([]);
      expect(one.lastEventId).toBe('1');
      const data = one.of('user.message')[0]?.data ?? {};
      expect(data['text']).toBe(odd);
      expect(data['lone']).toBe('\ufffd!');
      expect(Object.getOwnPropertyDescriptor(data, '__proto__')?.value).toEqual({ polluted: true });
      expect(data['twice']).toBe(2);
      expect(one.raw).toContain('"n":9007199254740993,"neg":-123456789012345678901234567890');
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const log = await board.request('GET', '/v1/log', { token: tenant.token });
    expect(log.text).toContain('"n":9007199254740993');
  });
});

describe('a tenant that writes', () => {
  it('may write its own agents’ events only, and learns nothing of others', async () => {
    const mine = await tenantWithAgent(['events:read', 'events:write']);
    const theirs = await tenantWithAgent();
    const theirCall = fresh('call');
    await board.ingest({ event: 'call.started', agent: theirs.agent, callId: theirCall });
    const { body } = await post(
      [
        { event: 'call.started', agent: mine.agent, callId: fresh('c') },
        { event: 'user.message', agent: theirs.agent, callId: theirCall, messageId: 'x', text: 'forged' },
        { event: 'call.started', agent: theirs.agent, callId: theirCall },
        { event: 'call.started', agent: fresh('ghost'), callId: fresh('c') },
      ],
      {},
      mine.tenant.token,
    );
    expect(body).toMatchObject({ accepted: 1, duplicates: 0 });
    expect(body.rejected.map(({ index, problem }) => [index, problem.type])).toEqual(
      [1, 2, 3].map((index) => [index, '/problems/agent-not-found']),
    );
    expect(await logOf(theirs.tenant)).toHaveLength(1);
    expect(await logOf(mine.tenant)).toHaveLength(1);
  });

  it('cannot take another’s call by naming it first', async () => {
    const mine = await tenantWithAgent(['events:read', 'events:write']);
    const theirs = await tenantWithAgent();
    const callId = fresh('guessed');
    await post({ event: 'call.started', agent: mine.agent, callId }, {}, mine.tenant.token);
    await board.ingest({ event: 'user.message', agent: theirs.agent, callId, messageId: 'secret', text: 'secret' });
    expect(JSON.stringify(await logOf(mine.tenant))).not.toContain('secret');
  });
});

it('numbers the platform and every tenant 1, 2, 3 … without holes, in commit order, under concurrent writers', async () => {
  const parties = await Promise.all(Array.from({ length: 5 }, () => tenantWithAgent()));
  await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      board.ingest(
        ...parties.map(({ agent }, index) => ({
          event: 'user.message',
          agent,
          callId: `c-${agent}`,
          messageId: `m${n}-${index}`,
        })),
      ),
    ),
  );
  const [{ positions } = { positions: 0 }] = await query<{ positions: number }>(
    board.databaseUrl,
    'SELECT (max(position) - count(*))::int AS positions FROM events',
  );
  expect(positions).toBe(0);
  const holes = await query(
    board.databaseUrl,
    'SELECT tenant_id FROM events WHERE tenant_id IS NOT NULL GROUP BY 1 HAVING max(seq) <> count(*)',
  );
  expect(holes).toEqual([]);
  const disorder = await query(
    board.databaseUrl,
    'SELECT 1 FROM (SELECT seq, lag(seq) OVER (PARTITION BY tenant_id ORDER BY position) AS before FROM events WHERE seq IS NOT NULL) s WHERE before IS NOT NULL AND seq <> before + 1',
  );
  expect(disorder).toEqual([]);
});
