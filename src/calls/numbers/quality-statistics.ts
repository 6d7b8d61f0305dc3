/**
 * How good a tenant's calls were that began in a span of time: exact, from every turn that was measured. A value that
 * was not measured is null, never 0.
 */
import { Injectable } from '@nestjs/common';
import type { Patience } from '../../common/fair-slots.js';
import type { TenantId } from '../../common/ids.js';
import { ReadPool } from '../../database/pools.js';
import type { Stats, StatsQuery } from './call-statistics.js';

/** Milliseconds from when the caller stopped until the agent was heard, of `n` turns. */
export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly n: number;
}

export interface QualityStats {
  /**
   * If the span has more calls than are looked at: when the first of the calls that were looked at began. Null: all
   * calls are included.
   */
  readonly measuredSince: string | null;
  readonly latency: Latencies | null;
  /** Buckets with a turn that was measured. `at` is the same as in the buckets of the calls. */
  readonly buckets: readonly { readonly at: string; readonly latency: Latencies }[];
  readonly agents: readonly { readonly agent: string; readonly latency: Latencies }[];
  readonly tools: { readonly calls: number; readonly failed: number };
  /** Calls in which a person was asked for, or took over. */
  readonly escalated: number;
  /** Of the calls that were judged; null: none was judged. */
  readonly score: { readonly judged: number; readonly passed: number } | null;
}

/** Calls that are looked at, the newest of a span. Bounds the cost of one request. */
const MAX_CALLS = 50_000;
/** Longest list of names that a tenant chooses itself. */
const MAX_NAMES = 1000;
const percentile = (part: number) => `round((percentile_cont(${part}) WITHIN GROUP (ORDER BY ms))::numeric, 3)::float8`;
const LATENCY = `json_build_object('p50', ${percentile(0.5)}, 'p95', ${percentile(0.95)}, 'n', count(*)) AS latency`;
/** The same as in call-statistics.ts. */
const BEGINNINGS = {
  hour: `date_trunc('hour', started_at, 'UTC')`,
  day: `date_trunc('day', started_at AT TIME ZONE $5::text) AT TIME ZONE $5::text`,
};

const statement = (bucket: StatsQuery['bucket']) => `WITH c AS MATERIALIZED (
  SELECT started_at, agent, ${BEGINNINGS[bucket]} AS at, latencies, tools, tools_failed, escalated, score_passed FROM calls
  WHERE tenant_id = $1 AND started_at >= $2 AND started_at < $3 AND ($4::text[] IS NULL OR agent = ANY ($4))
    AND $5::text IS NOT NULL
  ORDER BY started_at DESC LIMIT ${MAX_CALLS}
), t AS MATERIALIZED (SELECT c.agent, c.at, turn.ms FROM c CROSS JOIN LATERAL unnest(c.latencies) AS turn(ms))
SELECT (SELECT extract(epoch FROM min(started_at)) * 1000 FROM c HAVING count(*) = ${MAX_CALLS}) AS "measuredSince",
  (SELECT latency FROM (SELECT ${LATENCY} FROM t HAVING count(*) > 0) l) AS latency,
  (SELECT json_agg(json_build_object('at', extract(epoch FROM at) * 1000, 'latency', latency) ORDER BY at)
   FROM (SELECT at, ${LATENCY} FROM t GROUP BY at) b) AS buckets,
  (SELECT json_agg(a) FROM (SELECT agent, ${LATENCY} FROM t GROUP BY agent ORDER BY count(*) DESC, agent LIMIT ${MAX_NAMES}) a) AS agents,
  (SELECT json_build_object('calls', coalesce(sum(tools), 0), 'failed', coalesce(sum(tools_failed), 0)) FROM c) AS tools,
  (SELECT count(*)::int FROM c WHERE escalated) AS escalated,
  (SELECT json_build_object('judged', count(score_passed), 'passed', count(*) FILTER (WHERE score_passed))
   FROM c HAVING count(score_passed) > 0) AS score`;

const STATEMENTS = { hour: statement('hour'), day: statement('day') };

interface QualityRow extends Omit<QualityStats, 'buckets' | 'agents' | 'measuredSince'> {
  readonly measuredSince: number | null;
  readonly buckets: readonly { readonly at: number; readonly latency: Latencies }[] | null;
  readonly agents: QualityStats['agents'] | null;
}

@Injectable()
export class QualityStatistics {
  constructor(private readonly pool: ReadPool) {}

  /** `query` has been used by CallStatistics, so its time zone is valid. */
  async of(tenantId: TenantId, query: StatsQuery, patience: Patience): Promise<QualityStats> {
    const { from, to, bucket, agents, timeZone } = query;
    const count = () => this.pool.query<QualityRow>(STATEMENTS[bucket], [tenantId, from, to, agents, timeZone]);
    const { rows } = await this.pool.askMuch(tenantId, count, patience);
    const [row] = rows;
    if (row === undefined) throw new Error('a statement without FROM gave no row');
    const buckets = (row.buckets ?? []).map((one) => ({ ...one, at: new Date(one.at).toISOString() }));
    const since = row.measuredSince === null ? null : new Date(Number(row.measuredSince)).toISOString();
    return { ...row, measuredSince: since, buckets, agents: row.agents ?? [] };
  }
}

/** The numbers of the calls together with their quality. */
export function withQuality(stats: Stats, { buckets, agents, ...quality }: QualityStats) {
  const [byTime, byAgent] = [
    new Map(buckets.map(({ at, latency }) => [at, latency])),
    new Map(agents.map(({ agent, latency }) => [agent, latency])),
  ];
  return {
    ...stats,
    ...quality,
    buckets: stats.buckets.map((one) => ({ ...one, latency: byTime.get(one.at) ?? null })),
    agents: stats.agents.map((one) => ({ ...one, latency: byAgent.get(one.agent) ?? null })),
  };
}
