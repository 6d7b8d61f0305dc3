/**
 * What operators see of each customer and agent at a glance: calls since a moment, how many of them went wrong, the
 * last one. Exact, by one look-up for each name.
 */
import { Injectable } from '@nestjs/common';
import type { Patience } from '../../common/fair-slots.js';
import { ReadPool } from '../../database/pools.js';
import type { Lifetime } from '../lists/call-query.js';
import { minutesOf } from './call-numbers.js';

export interface Activity {
  readonly calls: number;
  /** Of calls that have ended. */
  readonly minutes: number;
  /** Calls that ended by a fault, or fell silent without an end. */
  readonly failed: number;
  /** Calls in which a tool failed. */
  readonly toolFailed: number;
}

export type NamedActivity = Activity & {
  readonly name: string;
  /** When the last call began, ever; null: there was none. */
  readonly lastCallAt: string | null;
};

export type FailingTenant = Activity & { readonly tenant: string };

type Counted = Omit<Activity, 'minutes'> & { readonly seconds: number };

/** Reasons that no person chose. */
const FAULTS = `('failed', 'lost')`;
/** $2: an open call that was silent since before then is lost. */
const FAILED = `reason IN ${FAULTS} OR (state IN ('ringing', 'live') AND last_at < $2)`;
const COUNTED = `count(*)::int AS calls, coalesce(sum(duration), 0)::float8 AS seconds,
  count(*) FILTER (WHERE ${FAILED})::int AS failed, count(*) FILTER (WHERE tools_failed > 0)::int AS "toolFailed"`;

const activityBy = (column: 'tenant_id' | 'agent') => `SELECT names.name, counted.*, last.started_at AS "lastCallAt"
  FROM unnest($3::text[]) AS names(name)
  CROSS JOIN LATERAL (SELECT ${COUNTED} FROM calls WHERE ${column} = names.name AND started_at >= $1) AS counted
  LEFT JOIN LATERAL (
    SELECT started_at FROM calls WHERE ${column} = names.name ORDER BY started_at DESC LIMIT 1) AS last ON true`;
const ACTIVITY = { tenants: activityBy('tenant_id'), agents: activityBy('agent') };

/** Most customers that are shown as failing. */
const MAX_FAILING = 50;
const FAILING = `SELECT tenant_id AS tenant, ${COUNTED} FROM calls WHERE started_at >= $1 AND tenant_id <> ''
  GROUP BY tenant_id HAVING count(*) FILTER (WHERE ${FAILED} OR tools_failed > 0) > 0
  ORDER BY count(*) FILTER (WHERE ${FAILED} OR tools_failed > 0) DESC, tenant_id LIMIT ${MAX_FAILING}`;

@Injectable()
export class CallActivity {
  constructor(private readonly pool: ReadPool) {}

  /** Of each name, in no order. A name without calls has zeros. */
  async acrossTenants(
    of: 'tenants' | 'agents',
    names: readonly string[],
    since: Date,
    lifetime: Lifetime,
    patience: Patience,
  ): Promise<NamedActivity[]> {
    type Row = Counted & { readonly name: string; readonly lastCallAt: Date | null };
    const values = [since, lifetime.since, names];
    const { rows } = await this.pool.askMuch(null, () => this.pool.query<Row>(ACTIVITY[of], values), patience);
    return rows.map(({ name, lastCallAt, ...row }) => ({
      name,
      ...activityOf(row),
      lastCallAt: lastCallAt?.toISOString() ?? null,
    }));
  }

  /** Customers with calls that went wrong, those with most of them first. */
  async failingAcrossTenants(since: Date, lifetime: Lifetime, patience: Patience): Promise<FailingTenant[]> {
    type Row = Counted & { readonly tenant: string };
    const values = [since, lifetime.since];
    const { rows } = await this.pool.askMuch(null, () => this.pool.query<Row>(FAILING, values), patience);
    return rows.map(({ tenant, ...row }) => ({ tenant, ...activityOf(row) }));
  }
}

function activityOf({ seconds, calls, failed, toolFailed }: Counted): Activity {
  return { calls, minutes: minutesOf(seconds), failed, toolFailed };
}
