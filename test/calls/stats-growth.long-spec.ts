/**
 * Numbers of many calls are added up from days and months that were counted once: the same as if each were counted now.
 */
import type { Stats } from '../../src/calls/numbers/call-statistics.js';
import { ended, settled, started } from '../support/calls.js';
import { query } from '../support/database.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const [mara, rosa] = [fresh('mara'), fresh('rosa')];
const SPAN = { from: '2025-01-20T07:30:00Z', to: '2025-04-10T03:10:00Z' };
let board: Switchboard;
let acme: TestTenant;

/** 9,000 calls, some nineteen minutes apart, of two agents; every thirtieth goes on, and is lost by now. */
beforeAll(async () => {
  board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '10000' });
  acme = await board.createTenant({ agents: [mara, rosa] });
  await query(
    board.databaseUrl,
    `INSERT INTO calls (tenant_id, call_id, agent, state, transport, reason, started_at, ended_at, duration, last_at, words, head)
     SELECT $1, 'CA-' || n, CASE n % 3 WHEN 0 THEN $2 ELSE $3 END, CASE n % 30 WHEN 0 THEN 'live' ELSE 'ended' END,
       (ARRAY['phone', 'webrtc', NULL])[1 + n % 3], (ARRAY['hangup', 'timeout'])[1 + n % 2],
       '2025-01-10Z'::timestamptz + n * interval '19 min 13 s', NULL, 5 + (n * 7919) % 600 + 0.25,
       '2025-01-10Z'::timestamptz + n * interval '19 min 13 s' + interval '3 min', '', '{}' FROM generate_series(1, 9000) n`,
    [acme.id, mara, rosa],
  );
});
afterAll(() => board.stop());

const statsOf = async (parameters: string) => {
  const path = `/v1/stats?from=${SPAN.from}&to=${SPAN.to}&${parameters}`;
  const { status, body, text } = await board.request<Stats>('GET', path, { token: acme.token });
  if (status !== 200) throw new Error(text);
  return body;
};
/** With the agents named, each call is counted. */
const countedNow = (parameters: string) => statsOf(`${parameters}&agents=${mara},${rosa}`);
const inOrder = <One extends object>(all: readonly One[]) => [...all].map((one) => JSON.stringify(one)).sort();

function expectTheSame(kept: Stats, counted: Stats): void {
  const withoutMedian = (one: Stats['totals']) => ({ ...one, medianDuration: null });
  expect(withoutMedian(kept.totals)).toEqual(withoutMedian(counted.totals));
  expect(kept.buckets.map(({ at, calls }) => [at, calls])).toEqual(counted.buckets.map(({ at, calls }) => [at, calls]));
  kept.buckets.forEach(({ minutes }, index) => expect(minutes).toBeCloseTo(counted.buckets[index]?.minutes ?? -1, 1));
  expect(inOrder(kept.reasons)).toEqual(inOrder(counted.reasons));
  expect(inOrder(kept.transports)).toEqual(inOrder(counted.transports));
  expect(kept.hours).toEqual(counted.hours);
  for (const agent of counted.agents) {
    const same = kept.agents.find((one) => one.agent === agent.agent);
    expect(same).toMatchObject({ calls: agent.calls, minutes: expect.closeTo(agent.minutes, 1) });
    expect(Math.abs((same?.medianDuration ?? 0) / (agent.medianDuration ?? 1) - 1)).toBeLessThan(0.011);
  }
}

const keptPeriods = async () => {
  const sql = `SELECT count(*)::int AS count FROM call_periods WHERE tenant_id = $1 AND numbers IS NOT NULL
    AND (kind = 'month' OR begins NOT BETWEEN '2025-02-01' AND '2025-03-31')`;
  return (await query<{ count: number }>(board.databaseUrl, sql, [acme.id]))[0]?.count ?? 0;
};
const allKept = async () => {
  await statsOf('');
  await waitFor(async () => (await keptPeriods()) === 2 + 11 + 9, 'two months and the days beside them to be kept');
};

it.each([
  'bucket=day&tz=UTC',
  'bucket=day&tz=Europe/Madrid',
  'bucket=day&tz=Asia/Kolkata',
  'bucket=day&tz=America/St_Johns',
  'bucket=day&tz=Asia/Kathmandu',
  'bucket=day&tz=Pacific/Auckland',
  'bucket=day&tz=America/Los_Angeles',
])('?%s: the same, before and after they are kept', async (parameters) => {
  const counted = await countedNow(parameters);
  expect(counted.totals.calls).toBeGreaterThan(5500);
  expectTheSame(await statsOf(parameters), counted);
  await allKept();
  expectTheSame(await statsOf(parameters), counted);
});

it('by the hour, too', async () => {
  const span = 'from=2025-02-01T00:10:00Z&to=2025-04-04T00:00:00Z&bucket=hour';
  const of = async (agents: string) => {
    const path = `/v1/stats?${span}&tz=Europe/Madrid${agents}`;
    return (await board.request<Stats>('GET', path, { token: acme.token })).body;
  };
  await query(
    board.databaseUrl,
    `INSERT INTO calls (tenant_id, call_id, agent, state, started_at, duration, last_at, words, head)
     SELECT $1, 'more-' || n, $2, 'ended', '2025-02-14Z'::timestamptz + n * interval '1 min', 60, now(), '', '{}'
     FROM generate_series(1, 1000) n`,
    [acme.id, mara],
  );
  expectTheSame(await of(''), await of(`&agents=${mara},${rosa}`));
});

it('what changes a call of a day that is kept changes its numbers: a late call, an erasure', async () => {
  await allKept();
  const call = fresh('late');
  const at = '2025-03-05T10:00:00Z';
  await board.ingest(started(mara, call, { at }), ended(mara, call, { at, reason: 'late', duration: 100 }));
  await settled(board);
  const later = await statsOf('');
  expect(later.reasons).toContainEqual({ reason: 'late', calls: 1 });
  expectTheSame(later, await countedNow(''));
  await allKept();
  expect((await statsOf('')).reasons).toContainEqual({ reason: 'late', calls: 1 });
  expect((await board.admin('DELETE', `/v1/admin/calls/${call}`)).status).toBeLessThan(300);
  expect((await statsOf('')).reasons).not.toContainEqual({ reason: 'late', calls: 1 });
});
