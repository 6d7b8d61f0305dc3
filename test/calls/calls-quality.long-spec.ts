/**
 * The quality of calls over HTTP: of one, in lists (sorted, flagged), in numbers that equal what the raw events say.
 */
import { settled } from '../support/calls.js';
import { query } from '../support/database.js';
import { Random } from '../support/world/random.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

interface Quality {
  latency: { p50: number; p95: number; max: number; n: number } | null;
  tools: { calls: number; failed: number };
  score: { passed: boolean | null; held: number; judged: number; reason: string | null; judges?: unknown[] } | null;
  interruptions: number;
}
interface Listed {
  calls: { callId: string; quality: Quality }[];
  next: string | null;
}
interface Numbers {
  latency: object | null;
  buckets: { at: string; calls: number; latency: object | null }[];
  agents: { agent: string; latency: object | null }[];
  tools: object;
  escalated: number;
  score: object | null;
}

const START = Date.parse('2025-11-03T08:00:00Z');
const CALLS = 60;
let board: Switchboard;
let acme: TestTenant;
const agents = [fresh('mara'), fresh('lucia')] as const;
const ids: string[] = [];

/** Calls of both generations' vocabulary: turns that say how long they took, tools of which some fail, scores. */
function callOf(index: number, random: Random): object[] {
  const [callId, agent] = [fresh('CA'), agents[index % 2]];
  ids.push(callId);
  const begun = START + index * 3_600_000;
  let ms = 0;
  const event = (type: string, data: object = {}) => ({
    event: type,
    callId,
    agent,
    at: new Date(begun + (ms += 500)).toISOString(),
    ...data,
  });
  const isByLog = index % 3 === 0;
  const turns = index === 7 ? [] : Array.from({ length: 1 + random.below(12) }, () => 200 + random.below(4000));
  const said = turns.flatMap((latencyMs, turn) => {
    const id = { messageId: `b${turn}`, text: `line ${turn}` };
    return isByLog
      ? [event('bot.speaking', id), event('bot.finished', id)]
      : [event('bot.speaking', { ...id, latencyMs }), event(turn === 1 ? 'bot.interrupted' : 'bot.finished', id)];
  });
  const ends = isByLog ? turns.map((latencyMs, turn) => entryOf(callId, agent, turn, latencyMs)) : [];
  const tool = { id: 't1', name: 'find' };
  const error = index % 5 === 0 ? { error: 'no' } : {};
  const judges = [{ name: 'grounded', verdict: index % 4 === 0 ? 'broken' : 'held', reason: 'because' }];
  return [
    event('call.started', { from: '+1', transport: 'phone' }),
    ...said,
    ...ends,
    ...(index % 2 ? [event('tool.call', tool), event('tool.result', { ...tool, result: 1, ...error })] : []),
    ...(index % 10 === 0 ? [event('handoff.requested', { by: 'ana' })] : []),
    event('call.ended', { reason: 'hangup', duration: 10 + index }),
    ...(index % 6 === 0 ? [event('call.score', { passed: index % 4 !== 0, judges })] : []),
  ];
}

/** A turn of the call log: on the other wires its end is not stored. */
function entryOf(call: string, agent: string | undefined, turn: number, latencyMs: number) {
  const data = { turn, latency: { e2e: latencyMs / 1000 } };
  return { seq: 1000 + turn, ts: START / 1000, call, agent, type: 'turn.end', ephemeral: false, data };
}

const get = async <Body>(path: string, token = acme.token) => {
  await settled(board);
  const { status, body } = await board.request<Body>('GET', path, { token });
  expect(status).toBe(200);
  return body;
};
const one = (index: number) =>
  get<{ quality: Quality; transcript: { latencyMs?: number }[] }>(`/v1/calls/${ids[index] ?? ''}`);
/** Of the raw events, as PostgreSQL has it. */
const RAW = `SELECT agent, call_id, date_trunc('day', (SELECT s.at FROM events s WHERE s.call_id = e.call_id AND s.type = 'call.started'), 'UTC') AS day,
    round(coalesce((data::jsonb->>'latencyMs')::float8, (data::jsonb->'latency'->>'e2e')::float8 * 1000)) AS ms
  FROM events e WHERE tenant_id = $1 AND (type = 'turn.end' OR data::jsonb ? 'latencyMs')`;
const EXACT = (by: string) => `SELECT ${by} AS name, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY ms) AS p95, count(*)::int AS n FROM (${RAW}) raw GROUP BY 1`;
type Exact = { name: string; p50: number; p95: number; n: number };
const rounded = ({ p50, p95, n }: Exact) => ({
  p50: Math.round(p50 * 1000) / 1000,
  p95: Math.round(p95 * 1000) / 1000,
  n,
});
const exact = async (by: string) =>
  (await query<Exact>(board.databaseUrl, EXACT(by), [acme.id])).map((row) => [row.name, rounded(row)] as const);

beforeAll(async () => {
  board = await Switchboard.start();
  acme = await board.createTenant({ agents: [...agents] });
  const random = new Random(18);
  for (let index = 0; index < CALLS; index++) await board.ingest(...(callOf(index, random) as []));
  await settled(board);
});
afterAll(() => board.stop());

describe('one call', () => {
  it('says how fast it was, what its tools did, how it was judged', async () => {
    const { quality, transcript } = await one(0);
    const values = transcript.flatMap(({ latencyMs }) => latencyMs ?? []);
    expect(quality.latency?.n).toBeGreaterThan(0);
    expect(quality).toMatchObject({
      tools: { calls: 0, failed: 0 },
      score: { passed: false, held: 0, judged: 1, reason: 'because' },
      interruptions: 0,
    });
    expect(quality.score?.judges).toHaveLength(1);
    expect(values.length).toBeGreaterThan(0);
    expect((await one(5)).quality.tools).toEqual({ calls: 1, failed: 1 });
    expect((await one(7)).quality).toMatchObject({ latency: null, score: null });
  });

  it('costs what upstream says, for the operator only', async () => {
    const summary = { event: 'call.summary', callId: ids[1], agent: agents[1], cost: 0.0412 };
    await board.ingest(summary);
    await settled(board);
    const { body } = await board.request<{ cost: object | null }>('GET', `/v1/admin/calls/${ids[1] ?? ''}`, {
      token: board.adminToken,
    });
    expect(body.cost).toEqual({ amount: 0.0412, currency: null, rows: null });
    expect(await one(1)).not.toHaveProperty('cost');
  });
});

describe('lists', () => {
  it('have the quality of each call, without verdicts', async () => {
    const { calls } = await get<Listed>('/v1/calls?limit=100');
    for (const { callId, quality } of calls) {
      const { latency, tools, interruptions } = (await one(ids.indexOf(callId))).quality;
      expect(quality).toMatchObject({ latency, tools, interruptions });
      expect(quality.score ?? {}).not.toHaveProperty('judges');
    }
    expect(calls).toHaveLength(CALLS);
  });

  it.each(['slowest', 'longest'])('are sorted by the %s, page by page, without loss or repeat', async (sort) => {
    const found: Listed['calls'] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Listed = await get(
        `/v1/calls?sort=${sort}&limit=7${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      found.push(...page.calls);
      cursor = page.next;
    }
    const values = found.map((call) =>
      sort === 'slowest' ? (call.quality.latency?.p95 ?? -1) : (call as unknown as { duration: number }).duration,
    );
    expect(values).toEqual([...values].sort((first, second) => second - first));
    expect(new Set(found.map(({ callId }) => callId)).size).toBe(sort === 'slowest' ? CALLS - 1 : CALLS);
  });

  it('are narrowed to what was wrong', async () => {
    const flagged = async (flag: string) => (await get<Listed>(`/v1/calls?flag=${flag}&limit=100`)).calls;
    const all = (await get<Listed>('/v1/calls?limit=100')).calls;
    const having = (test: (quality: Quality) => boolean) =>
      all.filter(({ quality }) => test(quality)).map(({ callId }) => callId);
    const named = async (flag: string) => (await flagged(flag)).map(({ callId }) => callId);
    expect(await named('slow')).toEqual(having(({ latency }) => (latency?.p95 ?? 0) >= 2000));
    expect(await named('toolFailed')).toEqual(having(({ tools }) => tools.failed > 0));
    expect(await named('lowScore')).toEqual(having(({ score }) => score?.passed === false));
    expect(await named('escalated')).toHaveLength(CALLS / 10);
    expect(await named('lost')).toEqual([]);
    expect((await named('slow,toolFailed')).length).toBeLessThan((await named('slow')).length);
  });

  it('refuse what is no flag, no sort, and a cursor of another sort', async () => {
    const { next } = await get<Listed>('/v1/calls?sort=slowest&limit=2');
    for (const asked of ['flag=ugly', 'sort=prettiest', `sort=longest&cursor=${encodeURIComponent(next ?? '')}`])
      expect((await board.request('GET', `/v1/calls?${asked}`, { token: acme.token })).status).toBe(400);
  });
});

describe('the numbers', () => {
  const SPAN = 'from=2025-11-01&to=2025-11-20';

  it('have exactly the percentiles that the raw events have, over time and by agent', async () => {
    const numbers = await get<Numbers>(`/v1/stats?${SPAN}`);
    expect(numbers.latency).toEqual((await exact(`'all'`))[0]?.[1]);
    const byAgent = new Map(await exact('agent'));
    expect(numbers.agents.map(({ agent, latency }) => [agent, latency])).toEqual(
      expect.arrayContaining(agents.map((agent) => [agent, byAgent.get(agent)])),
    );
    const byDay = new Map((await exact('day')).map(([day, latency]) => [new Date(day).toISOString(), latency]));
    expect(byDay.size).toBeGreaterThan(1);
    for (const { at, calls, latency } of numbers.buckets)
      expect([at, latency]).toEqual([at, calls ? byDay.get(at) : null]);
  });

  it('count tools, escalations and scores; of a tenant without calls nothing is 0 that nobody measured', async () => {
    const { tools, escalated, score } = await get<Numbers>(`/v1/stats?${SPAN}`);
    expect({ tools, escalated, score }).toEqual({
      tools: { calls: 30, failed: 6 },
      escalated: 6,
      score: { judged: 10, passed: 5 },
    });
    const other = await board.createTenant({ agents: [fresh('sol')] });
    const nothing = await get<Numbers>(`/v1/stats?${SPAN}`, other.token);
    expect(nothing).toMatchObject({ latency: null, tools: { calls: 0, failed: 0 }, escalated: 0, score: null });
    expect(nothing.buckets.every(({ latency }) => latency === null)).toBe(true);
  });
});
