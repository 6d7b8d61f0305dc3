import type { Stats } from '../../src/calls/numbers/call-statistics.js';
import type { QualityStats } from '../../src/calls/numbers/quality-statistics.js';
import { timeZoneSchema } from '../../src/common/time-zone.js';
import { ended, said, settled, started } from '../support/calls.js';
import { query } from '../support/database.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

type Answered = Stats & { from: string; to: string; bucket: string; tz: string };

let board: Switchboard;
const [mara, lucia] = [fresh('mara'), fresh('lucia')];
let acme: TestTenant;

/** How good the calls were is told elsewhere (calls-quality.long-spec.ts). */
const withoutQuality = (body: Answered) => {
  const {
    latency: _l,
    tools: _t,
    escalated: _e,
    score: _s,
    measuredSince: _m,
    ...counted
  } = body as Answered & QualityStats;
  const plain = <One extends object>(one: One) => ({ ...one, latency: undefined });
  return { ...counted, buckets: counted.buckets.map(plain), agents: counted.agents.map(plain) };
};
const statsOf = async (query: string, { token } = acme) => {
  await settled(board);
  const answer = await board.request<Answered>('GET', `/v1/stats?${query}`, { token });
  return answer.status === 200 ? { ...answer, body: withoutQuality(answer.body) as Answered } : answer;
};
const busy = <Cell extends { calls: number }>(cells: readonly Cell[]) => cells.filter(({ calls }) => calls > 0);

/** Six calls of acme's in the night in which Madrid's clocks went back, and one of somebody else's. */
beforeAll(async () => {
  board = await Switchboard.start();
  acme = await board.createTenant({ agents: [mara, lucia] });
  const julia = fresh('julia');
  await board.createTenant({ agents: [julia] });
  const calls: [string, string, object, object | null][] = [
    [mara, '2025-10-25T21:30:00Z', {}, { duration: 60 }],
    [mara, '2025-10-25T22:30:00Z', {}, { duration: 120 }],
    [mara, '2025-10-26T00:30:00Z', { transport: 'webrtc' }, { duration: 30, reason: 'timeout' }],
    [lucia, '2025-10-26T01:30:00Z', {}, { duration: undefined, at: '2025-10-26T01:31:30Z', reason: undefined }],
    [lucia, '2025-10-26T23:15:00Z', { transport: undefined }, null],
    [mara, '2025-10-29T10:00:00Z', {}, { duration: 600 }],
    [julia, '2025-10-26T00:30:00Z', {}, { duration: 5000 }],
  ];
  for (const [agent, at, start, end] of calls) {
    const call = fresh('CA');
    await board.ingest(started(agent, call, { at, ...start }));
    if (end !== null) await board.ingest(ended(agent, call, { at, ...end }));
    else await board.ingest(said(agent, call, 'u1', 'still there?', { at: '2025-10-26T23:16:00Z' }));
  }
});
afterAll(() => board.stop());

describe('the numbers of a tenant’s calls', () => {
  it('count its own, by day, agent, reason, transport and hour, with every bucket', async () => {
    const { status, body } = await statsOf('from=2025-10-25&to=2025-10-29T00:00:00Z');
    expect(status).toBe(200);
    expect(body).toEqual({
      from: '2025-10-25T00:00:00.000Z',
      to: '2025-10-29T00:00:00.000Z',
      bucket: 'day',
      tz: 'UTC',
      totals: { calls: 5, minutes: 6, medianDuration: 60 },
      buckets: [
        { at: '2025-10-25T00:00:00.000Z', calls: 2, minutes: 3 },
        { at: '2025-10-26T00:00:00.000Z', calls: 3, minutes: 3 },
        { at: '2025-10-27T00:00:00.000Z', calls: 0, minutes: 0 },
        { at: '2025-10-28T00:00:00.000Z', calls: 0, minutes: 0 },
      ],
      agents: [
        { agent: mara, calls: 3, minutes: 3.5, medianDuration: 60 },
        { agent: lucia, calls: 2, minutes: 2.5, medianDuration: 75 },
      ],
      reasons: [
        { reason: 'hangup', calls: 2 },
        { reason: 'lost', calls: 1 },
        { reason: 'timeout', calls: 1 },
        { reason: 'unknown', calls: 1 },
      ],
      transports: [
        { transport: 'phone', calls: 3 },
        { transport: 'unknown', calls: 1 },
        { transport: 'webrtc', calls: 1 },
      ],
      hours: expect.any(Array),
    });
    expect(body.hours).toHaveLength(7 * 24);
    expect(busy(body.hours)).toEqual([
      { weekday: 0, hour: 0, calls: 1 },
      { weekday: 0, hour: 1, calls: 1 },
      { weekday: 0, hour: 23, calls: 1 },
      { weekday: 6, hour: 21, calls: 1 },
      { weekday: 6, hour: 22, calls: 1 },
    ]);
  });

  it('are of the zone that is asked for, in the night too in which its clocks go back', async () => {
    const { body } = await statsOf('from=2025-10-24T22:00:00Z&to=2025-10-28T23:00:00Z&tz=Europe/Madrid');
    expect(body.buckets).toEqual([
      { at: '2025-10-24T22:00:00.000Z', calls: 1, minutes: 1 },
      { at: '2025-10-25T22:00:00.000Z', calls: 3, minutes: 4 },
      { at: '2025-10-26T23:00:00.000Z', calls: 1, minutes: 1 },
      { at: '2025-10-27T23:00:00.000Z', calls: 0, minutes: 0 },
    ]);
    expect(busy(body.hours)).toEqual([
      { weekday: 0, hour: 0, calls: 1 },
      { weekday: 0, hour: 2, calls: 2 },
      { weekday: 1, hour: 0, calls: 1 },
      { weekday: 6, hour: 23, calls: 1 },
    ]);
  });

  it('come by the hour, of some agents, and of the last seven days unless told otherwise', async () => {
    const { body } = await statsOf(`from=2025-10-26T00:10:00Z&to=2025-10-26T03:00:00Z&bucket=hour&agents=${mara}`);
    expect(body.buckets).toEqual([
      { at: '2025-10-26T00:00:00.000Z', calls: 1, minutes: 0.5 },
      { at: '2025-10-26T01:00:00.000Z', calls: 0, minutes: 0 },
      { at: '2025-10-26T02:00:00.000Z', calls: 0, minutes: 0 },
    ]);
    expect(body.totals).toEqual({ calls: 1, minutes: 0.5, medianDuration: 30 });
    const recent = (await statsOf('')).body;
    expect(recent.totals).toEqual({ calls: 0, minutes: 0, medianDuration: null });
    expect(recent.buckets).toHaveLength(8);
    expect(Date.parse(recent.to) - Date.parse(recent.from)).toBe(7 * 86_400_000);
    await board.ingest(started(mara, fresh('CA')));
    expect((await statsOf('')).body).toMatchObject({
      totals: { calls: 1, minutes: 0, medianDuration: null },
      reasons: [],
    });
  });

  it.each([
    'from=2025-10-26&to=2025-10-26',
    'from=2025-10-26&to=2025-10-25',
    'from=2024-01-01&to=2025-10-26',
    'bucket=week',
    'from=yesterday',
    'from=',
    'from=2025-02-30',
    'tz=Mars/Olympus',
    'tz=',
    "tz='",
    'tz=%2B02:00',
    'tz=UTC-5',
    'tz=UTC%2B5',
    'tz=GMT-5',
    'tz=EST',
    'tz=IST',
    'tz=CET',
    'tz=EST5EDT',
    'tz=Europe/Nowhere-5',
    'tz=SystemV/AST4',
    'tz=posix/Europe/Madrid',
    'tz=Factory',
    'tz=Etc/Unknown',
    'tz=Europe/Madrid%00',
    'agents=',
    'all=1',
    'bucket=hour&from=2025-01-01&to=2025-04-01',
    'from=0001-01-01&to=0001-01-02',
    'from=9999-12-31',
  ])('are refused for ?%s', async (query) => {
    expect((await statsOf(query)).body).toMatchObject({ type: '/problems/validation', status: 400 });
  });

  it('say of a zone that is none what one is', async () => {
    const errors = [{ path: 'tz', message: expect.stringContaining('IANA name, such as Europe/Madrid') }];
    for (const tz of ['UTC-5', 'America/Nowhere', 'Etc/GMT-15'])
      expect((await statsOf(`tz=${tz}`)).body).toMatchObject({ errors });
  });

  it('know no zone of which JavaScript and PostgreSQL do not mean the same', async () => {
    const at = '2015-07-01T12:00:00Z';
    const zones = await query<{ name: string; hours: string }>(
      board.databaseUrl,
      `SELECT name, to_char(timestamptz '${at}' AT TIME ZONE name, 'YYYY-MM-DD HH24:MI') AS hours FROM pg_timezone_names`,
    );
    const known = zones.filter(({ name }) => timeZoneSchema.safeParse(name).success);
    expect(known.length).toBeGreaterThan(400);
    const hoursIn = (timeZone: string) =>
      new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(new Date(at));
    expect(known.filter(({ name, hours }) => hoursIn(name) !== hours)).toEqual([]);
  });

  it('are not those of an agent of another’s', async () => {
    expect((await statsOf('agents=nobody')).body).toMatchObject({ type: '/problems/agent-not-found' });
  });
});
