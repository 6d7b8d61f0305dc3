/** Numbers of one tenant's calls that began in a span of time. All of them come from one statement, so they agree. */
import { Injectable } from '@nestjs/common';
import type { Patience } from '../../common/fair-slots.js';
import type { AgentName, TenantId } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';
import { NO_ZONE } from '../../common/time-zone.js';
import { type Run, SNAPSHOT } from '../../database/pg-pool.js';
import { ReadPool } from '../../database/pools.js';
import { COUNT, type Numbers, SLOT_MS, Sum } from './call-numbers.js';
import { CallPeriods } from './call-periods.js';
import type { Lifetime } from '../lists/call-query.js';
import { type Offsets, statsOf } from './summed-statistics.js';

/** Calls that began in [`from`, `to`). */
export interface StatsQuery {
  readonly from: Date;
  readonly to: Date;
  readonly bucket: 'hour' | 'day';
  readonly agents: readonly AgentName[] | null;
  /** IANA: days, weekdays and hours are in this zone. */
  readonly timeZone: string;
}

interface Counted {
  readonly calls: number;
  /** Of calls that have ended. A call that goes on counts as a call only. */
  readonly minutes: number;
}

interface Lasting extends Counted {
  /** Seconds; null if no call has ended. */
  readonly medianDuration: number | null;
}

export interface Stats {
  readonly totals: Lasting;
  /** All buckets of the span, beginning with the one in which it begins. */
  readonly buckets: readonly (Counted & { readonly at: string })[];
  readonly agents: readonly (Lasting & { readonly agent: string })[];
  readonly reasons: readonly { readonly reason: string; readonly calls: number }[];
  readonly transports: readonly { readonly transport: string; readonly calls: number }[];
  /** Every hour of the week. `weekday` 0 is Sunday. */
  readonly hours: readonly { readonly weekday: number; readonly hour: number; readonly calls: number }[];
}

/** Longest lists of names that a tenant chooses itself. */
const MAX_LISTED = 1000;
const LASTING = `count(*)::int AS calls, round((coalesce(sum(seconds), 0) / 60)::numeric, 2)::float8 AS minutes,
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds))::numeric, 3)::float8 AS "medianDuration"`;
/** An hour's bucket is an hour of UTC, because a zone's own hour is ambiguous when its clocks go back. */
const bucketOf = (bucket: StatsQuery['bucket'], time: string) =>
  bucket === 'hour' ? `date_trunc('hour', ${time}, 'UTC')` : `date_trunc('day', (${time}) AT TIME ZONE $5::text)`;
const startOf = (bucket: StatsQuery['bucket']) => (bucket === 'hour' ? 'b.at' : 'b.at AT TIME ZONE $5::text');

const statement = (bucket: StatsQuery['bucket']) => `WITH c AS MATERIALIZED (
  SELECT agent, coalesce(transport, 'unknown') AS transport, started_at, started_at AT TIME ZONE $5::text AS local,
    CASE WHEN state = 'ended' THEN coalesce(reason, 'unknown') WHEN is_lost THEN 'lost' END AS reason,
    CASE WHEN state = 'ended' THEN coalesce(duration, 0)
         WHEN is_lost THEN greatest(0, extract(epoch FROM last_at - started_at))::float8 END AS seconds
  FROM (SELECT *, last_at NOT BETWEEN $6 AND $7 AS is_lost FROM calls
        WHERE tenant_id = $1 AND started_at >= $2 AND started_at < $3 AND ($4::text[] IS NULL OR agent = ANY ($4))) own
), buckets AS (
  SELECT b.at, count(c.at)::int AS calls, round((coalesce(sum(c.seconds), 0) / 60)::numeric, 2)::float8 AS minutes
  FROM generate_series(${bucketOf(bucket, '$2::timestamptz')}, ${bucketOf(bucket, "$3::timestamptz - interval '1 ms'")},
                       interval '1 ${bucket}') AS b(at)
  LEFT JOIN (SELECT ${bucketOf(bucket, 'started_at')} AS at, seconds FROM c) c USING (at) GROUP BY b.at
)
SELECT (SELECT row_to_json(t) FROM (SELECT ${LASTING} FROM c) t) AS totals,
  (SELECT json_agg(json_build_object('at', extract(epoch FROM ${startOf(bucket)}) * 1000, 'calls', calls, 'minutes', minutes)
                   ORDER BY b.at) FROM buckets b) AS buckets,
  (SELECT json_agg(t) FROM (SELECT agent, ${LASTING} FROM c GROUP BY agent ORDER BY 2 DESC, 1 LIMIT ${MAX_LISTED}) t) AS agents,
  (SELECT json_agg(t) FROM (SELECT reason, count(*)::int AS calls FROM c WHERE reason IS NOT NULL GROUP BY reason
                            ORDER BY 2 DESC, 1 LIMIT ${MAX_LISTED}) t) AS reasons,
  (SELECT json_agg(t) FROM (SELECT transport, count(*)::int AS calls FROM c GROUP BY transport
                            ORDER BY 2 DESC, 1 LIMIT ${MAX_LISTED}) t) AS transports,
  (SELECT json_agg(t) FROM (SELECT weekday, hour, coalesce(calls, 0) AS calls
     FROM generate_series(0, 6) AS weekday CROSS JOIN generate_series(0, 23) AS hour
     LEFT JOIN (SELECT extract(dow FROM local)::int AS weekday, extract(hour FROM local)::int AS hour, count(*)::int AS calls
                FROM c GROUP BY 1, 2) h USING (weekday, hour) ORDER BY weekday, hour) t) AS hours`;

const STATEMENTS = { hour: statement('hour'), day: statement('day') };

interface StatsRow extends Omit<Stats, 'buckets'> {
  readonly buckets: readonly (Counted & { readonly at: number })[] | null;
}

/**
 * Up to this many calls are counted one by one, and their medians are exact. For more calls, the kept numbers of days
 * and months are added up.
 */
const FEW = 5000;
const HOW_MANY = `SELECT count(*)::int AS calls FROM (
  SELECT FROM calls WHERE tenant_id = $1 AND started_at >= $2 AND started_at < $3 LIMIT ${FEW + 1}) few`;
/**
 * What kept periods cannot say: the calls of the gaps, and calls that have not ended, which may count as lost by now.
 */
const OTHERS = `WITH c AS MATERIALIZED (
  SELECT agent, coalesce(transport, 'unknown') AS transport, coalesce(reason, 'unknown') AS reason, started_at,
         coalesce(duration, 0) AS seconds
  FROM unnest($2::timestamptz[], $3::timestamptz[]) AS gap(begins, ends) CROSS JOIN LATERAL (
    SELECT * FROM calls WHERE tenant_id = $1 AND state = 'ended' AND started_at >= begins AND started_at < ends OFFSET 0) ended
  UNION ALL
  SELECT agent, coalesce(transport, 'unknown'), CASE WHEN is_lost THEN 'lost' END, started_at,
         CASE WHEN is_lost THEN greatest(0, extract(epoch FROM last_at - started_at))::float8 END
  FROM (SELECT *, last_at NOT BETWEEN $6 AND $7 AS is_lost FROM calls
        WHERE tenant_id = $1 AND state IN ('ringing', 'live') AND started_at >= $4 AND started_at < $5) open
) ${COUNT}`;
/**
 * How many calls there are, where the buckets begin, and how far the zone ($5) is ahead of UTC at some moments ($4).
 */
const facts = (bucket: StatsQuery['bucket']) => `SELECT (${HOW_MANY}) AS calls,
  (SELECT json_agg((extract(epoch FROM ${startOf(bucket)}) * 1000)::int8 ORDER BY b.at)
   FROM generate_series(${bucketOf(bucket, '$2::timestamptz')}, ${bucketOf(bucket, "$3::timestamptz - interval '1 ms'")},
                        interval '1 ${bucket}') AS b(at)) AS starts,
  (SELECT json_agg(json_build_array((extract(epoch FROM at) * 1000)::int8,
     (extract(epoch FROM (at AT TIME ZONE $5::text) - (at AT TIME ZONE 'UTC')) / 60)::float8))
   FROM unnest($4::timestamptz[]) AS at) AS offsets`;
const FACTS = { hour: facts('hour'), day: facts('day') };
const DAY_MS = 86_400_000;

interface Facts {
  readonly calls: number;
  readonly starts: readonly number[];
  readonly offsets: readonly (readonly [at: number, minutes: number])[];
}

@Injectable()
export class CallStatistics {
  constructor(
    private readonly pool: ReadPool,
    private readonly periods: CallPeriods,
  ) {}

  /** Throws `validation` for a time zone that PostgreSQL does not know. */
  async of(tenantId: TenantId, query: StatsQuery, lifetime: Lifetime, patience: Patience): Promise<Stats> {
    const count = () =>
      this.pool.transaction(async (run) => {
        const summed = query.agents === null ? await this.summed(run, tenantId, query, lifetime) : undefined;
        return summed ?? counted(run, tenantId, query, lifetime);
      }, SNAPSHOT);
    return this.pool.askMuch(tenantId, count, patience).catch((error: unknown) => {
      throw isUnknownZone(error) ? unknownZone() : error;
    });
  }

  /** Undefined when there are few calls, or when the zone's offset is not a multiple of half an hour. */
  private async summed(
    run: Run,
    tenantId: TenantId,
    { from, to, bucket, timeZone }: StatsQuery,
    { since, until }: Lifetime,
  ): Promise<Stats | undefined> {
    const days = daysIn(from.getTime(), to.getTime());
    const ask = async (moments: readonly number[]) => {
      const values = [tenantId, from, to, moments.map((one) => new Date(one)), timeZone];
      return (await run<Facts>(FACTS[bucket], values)).rows[0];
    };
    const known = await ask(days);
    if (known === undefined || known.calls <= FEW) return undefined;
    const ofDays = new Map(known.offsets);
    const changing = slotsOf(days.filter((day) => (ofDays.get(day + DAY_MS) ?? ofDays.get(day)) !== ofDays.get(day)));
    const offsets = { ofDays, ofSlots: new Map(changing.length === 0 ? [] : (await ask(changing))?.offsets) };
    if (!isEven(offsets)) return undefined;
    const kept = await this.periods.keptIn(run, tenantId, from.getTime(), to.getTime());
    this.periods.want(tenantId, kept.missing);
    const gaps = [kept.gaps.map((gap) => new Date(gap.from)), kept.gaps.map((gap) => new Date(gap.to))];
    const { rows } = await run<{ numbers: Numbers }>(OTHERS, [tenantId, ...gaps, from, to, since, until]);
    const sum = new Sum();
    for (const numbers of [...kept.numbers, ...rows.map((row) => row.numbers)]) sum.add(numbers);
    return statsOf(sum, known.starts, offsets);
  }
}

async function counted(
  run: Run,
  tenantId: TenantId,
  { from, to, bucket, agents, timeZone }: StatsQuery,
  { since, until }: Lifetime,
): Promise<Stats> {
  const { rows } = await run<StatsRow>(STATEMENTS[bucket], [tenantId, from, to, agents, timeZone, since, until]);
  const [row] = rows;
  if (row === undefined) throw new Error('a statement without FROM gave no row');
  return {
    totals: row.totals,
    buckets: (row.buckets ?? []).map((one) => ({ ...one, at: new Date(one.at).toISOString() })),
    agents: row.agents ?? [],
    reasons: row.reasons ?? [],
    transports: row.transports ?? [],
    hours: row.hours,
  };
}

/** The days of UTC in which a span lies, and the day after them. */
function daysIn(from: number, to: number): number[] {
  const first = Math.floor(from / DAY_MS) * DAY_MS;
  return Array.from({ length: Math.ceil((to - first) / DAY_MS) + 1 }, (_, index) => first + index * DAY_MS);
}

function slotsOf(days: readonly number[]): number[] {
  const slots = Array.from({ length: DAY_MS / SLOT_MS }, (_, index) => index * SLOT_MS);
  return days.flatMap((day) => slots.map((slot) => day + slot));
}

/** True when the zone's offset is always a multiple of half an hour. */
function isEven({ ofDays, ofSlots }: Offsets): boolean {
  return [...ofDays.values(), ...ofSlots.values()].every((minutes) => minutes % 30 === 0);
}

export function unknownZone(): Problem {
  return new Problem('validation', 'The request is not valid.', {
    errors: [{ path: 'tz', message: NO_ZONE }],
  });
}

/** SQLSTATE invalid_parameter_value: of these parameters, only the zone can cause it. */
function isUnknownZone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '22023';
}
