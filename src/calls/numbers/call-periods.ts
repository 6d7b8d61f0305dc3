/**
 * Keeps the numbers of whole days and months (UTC), so that a year is read instead of counted. They are counted in the
 * background, after somebody asked for them. Until they are there, each question counts the missing periods itself.
 * Every change of a call empties its periods (the triggers on `calls`): a late event, an erasure, a rebuild, retention.
 */
import { Injectable, Logger, OnModuleDestroy } from '@nestjs/common';
import type { TenantId } from '../../common/ids.js';
import { moment } from '../../common/moment.js';
import { pause, untilStopped } from '../../common/waiting.js';
import { SNAPSHOT_TO_WRITE, type Run } from '../../database/pg-pool.js';
import { BackgroundPool } from '../../database/pools.js';
import { Traffic } from '../../database/traffic.js';
import { COUNT, type Numbers, SHAPE } from './call-numbers.js';

export interface Period {
  readonly kind: 'day' | 'month';
  /** Its first moment, and the first moment after it. */
  readonly from: number;
  readonly to: number;
}

/** A span of time, and the numbers that are kept for it. */
export interface Kept {
  readonly numbers: readonly Numbers[];
  /** The parts for which no numbers are kept; they have to be counted. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
  /** The periods within the gaps whose numbers may be kept. */
  readonly missing: readonly Period[];
}

const DAY_MS = 86_400_000;
/** Periods that wait to be counted. Any others are left until they are asked for again. */
const MAX_WAITING = 1000;
/** While events come in, counting rests this many times as long as it worked. */
const REST_FACTOR = 3;

const KEPT = `SELECT kind, (extract(epoch FROM begins) * 1000)::int8 AS begins, numbers FROM call_periods
  WHERE tenant_id = $1 AND shape = $2 AND numbers IS NOT NULL
    AND (kind, begins) IN (SELECT * FROM unnest($3::text[], $4::date[]))`;
/** A writer of calls holds this row until its commit. A writer that comes after this lock knows of the period. */
const LOCK = `SELECT FROM projections WHERE name = 'calls' FOR SHARE`;
const ENTER = `INSERT INTO call_periods (tenant_id, kind, begins) SELECT $1, * FROM unnest($2::text[], $3::date[]) ON CONFLICT DO NOTHING`;
const VERSION = `SELECT version FROM call_periods WHERE tenant_id = $1 AND kind = $2 AND begins = $3::date`;
const ENDED = `WITH c AS MATERIALIZED (
  SELECT agent, coalesce(transport, 'unknown') AS transport, coalesce(reason, 'unknown') AS reason, started_at,
         coalesce(duration, 0) AS seconds
  FROM calls WHERE tenant_id = $1 AND state = 'ended' AND started_at >= $2 AND started_at < $3) ${COUNT}`;
const KEEP = `UPDATE call_periods SET numbers = $4::jsonb, shape = $5 WHERE tenant_id = $1 AND kind = $2 AND begins = $3::date AND version = $6`;

interface Waiting {
  readonly tenantId: TenantId;
  readonly period: Period;
}

@Injectable()
export class CallPeriods implements OnModuleDestroy {
  private readonly logger = new Logger('Calls');
  private readonly abort = new AbortController();
  private readonly waiting = new Map<string, Waiting>();
  private running: Promise<void> | undefined;

  constructor(
    private readonly pool: BackgroundPool,
    private readonly traffic: Traffic,
  ) {}

  async onModuleDestroy(): Promise<void> {
    this.abort.abort();
    await untilStopped(this.running);
  }

  /** The numbers that are kept for a span, within the caller's snapshot. */
  async keptIn(run: Run, tenantId: TenantId, from: number, to: number): Promise<Kept> {
    const { months, days } = periodsIn(from, to);
    const asked = [...months, ...days];
    const values = [asked.map(({ kind }) => kind), asked.map(({ from: begins }) => dateOf(begins))];
    const { rows } = await run<{ kind: string; begins: number; numbers: Numbers }>(KEPT, [tenantId, SHAPE, ...values]);
    const known = new Map(rows.map(({ kind, begins, numbers }) => [`${kind} ${begins}`, numbers]));
    const numbersOf = ({ kind, from: begins }: Period) => known.get(`${kind} ${begins}`);
    const whole = months.filter((month) => numbersOf(month) !== undefined);
    const isWithin = (some: readonly Period[], day: Period) =>
      some.some((month) => day.from >= month.from && day.to <= month.to);
    const single = days.filter((day) => !isWithin(whole, day));
    const found = [...whole, ...single.filter((day) => numbersOf(day) !== undefined)];
    // If a month is kept, none of its days is needed.
    const wanted = [...months, ...days.filter((day) => !isWithin(months, day))];
    const missing = wanted.filter((period) => period.to <= moment().getTime() && numbersOf(period) === undefined);
    return { numbers: found.flatMap((period) => numbersOf(period) ?? []), gaps: gapsIn(from, to, found), missing };
  }

  /** Counts these periods in the background, each once. */
  want(tenantId: TenantId, periods: readonly Period[]): void {
    for (const period of periods.slice(0, MAX_WAITING - this.waiting.size))
      this.waiting.set(`${tenantId} ${period.kind} ${period.from}`, { tenantId, period });
    this.running ??= this.work().finally(() => (this.running = undefined));
  }

  private async work(): Promise<void> {
    for (const [key, { tenantId, period }] of this.waiting) {
      if (this.abort.signal.aborted) return;
      this.waiting.delete(key);
      const begunAt = performance.now();
      // The next question asks for it again.
      await this.keep(tenantId, period).catch((error: unknown) =>
        this.logger.warn(`the numbers of a ${period.kind} could not be kept: ${(error as Error).message}`),
      );
      if (this.traffic.isBusy) await pause(REST_FACTOR * (performance.now() - begunAt), this.abort.signal);
    }
  }

  private async keep(tenantId: TenantId, { kind, from, to }: Period): Promise<void> {
    const begins = dateOf(from);
    await this.pool.transaction(async (run) => {
      await run(LOCK);
      await run(ENTER, [tenantId, [kind], [begins]]);
    });
    await this.pool.transaction(async (run) => {
      const { rows } = await run<{ version: number }>(VERSION, [tenantId, kind, begins]);
      const counted = await run<{ numbers: Numbers }>(ENDED, [tenantId, new Date(from), new Date(to)]);
      const [version, numbers] = [rows[0]?.version, counted.rows[0]?.numbers];
      if (version === undefined) return;
      await run(KEEP, [tenantId, kind, begins, JSON.stringify(numbers), SHAPE, version]);
    }, SNAPSHOT_TO_WRITE);
  }
}

function dateOf(moment: number): string {
  return new Date(moment).toISOString().slice(0, 10);
}

/** The whole months of a span, and all its whole days. */
export function periodsIn(from: number, to: number): { months: Period[]; days: Period[] } {
  const [months, days]: [Period[], Period[]] = [[], []];
  for (let at = Math.ceil(from / DAY_MS) * DAY_MS; at + DAY_MS <= to; at += DAY_MS) {
    days.push({ kind: 'day', from: at, to: at + DAY_MS });
    const date = new Date(at);
    const next = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
    if (date.getUTCDate() === 1 && next <= to) months.push({ kind: 'month', from: at, to: next });
  }
  return { months, days };
}

/** The parts of a span that lie in none of these periods. The periods do not overlap. */
export function gapsIn(from: number, to: number, periods: readonly Period[]): { from: number; to: number }[] {
  const gaps: { from: number; to: number }[] = [];
  let at = from;
  for (const period of [...periods].sort((one, other) => one.from - other.from)) {
    if (period.from > at) gaps.push({ from: at, to: period.from });
    at = period.to;
  }
  if (to > at) gaps.push({ from: at, to });
  return gaps;
}
