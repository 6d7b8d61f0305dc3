/**
 * Numbers of calls that can be added up: the numbers of a month and of the days beside it add up to those of both.
 * Pure, except for the SQL that counts. Durations are counted in classes whose bounds are two percent apart, so the
 * median of many is exact to within one class.
 */

/** Changes when the answer of {@link COUNT} changes. Then the numbers that were kept are counted anew. */
export const SHAPE = 1;
export const SLOT_MS = 1_800_000;
/** Longest lists of names that a tenant chooses itself. */
export const MAX_NAMES = 1000;
const CLASS = 1.02;

type Histogram = readonly (readonly [bin: number, calls: number])[];

/** The answer of {@link COUNT}. */
export interface Numbers {
  /** Half hours since 1970, and the calls that began in each. */
  readonly slots: readonly (readonly [slot: number, calls: number, seconds: number])[] | null;
  readonly agents: readonly (readonly [agent: string, calls: number, seconds: number, Histogram | null])[] | null;
  readonly reasons: readonly (readonly [reason: string, calls: number])[] | null;
  readonly transports: readonly (readonly [transport: string, calls: number])[] | null;
}

/**
 * Counts `c`: rows of `agent`, `transport`, `reason` (null: the call goes on), `started_at`, `seconds` (null:
 * likewise). Below a second, a class is a hundredth of a second.
 */
export const COUNT = `SELECT jsonb_build_object(
  'slots', (SELECT jsonb_agg(jsonb_build_array(slot, calls, seconds)) FROM (
     SELECT floor(extract(epoch FROM started_at) / 1800)::int8 AS slot, count(*) AS calls, coalesce(sum(seconds), 0) AS seconds
     FROM c GROUP BY 1 ORDER BY 1) s),
  'agents', (SELECT jsonb_agg(jsonb_build_array(agent, calls, seconds, classes)) FROM (
     SELECT agent, sum(calls) AS calls, sum(seconds) AS seconds,
            jsonb_agg(jsonb_build_array(class, calls) ORDER BY class) FILTER (WHERE class IS NOT NULL) AS classes
     FROM (SELECT agent, CASE WHEN seconds < 1 THEN floor(seconds * 100)::int - 100
                              ELSE floor(ln(seconds) / ln(${CLASS}))::int END AS class,
                  count(*) AS calls, coalesce(sum(seconds), 0) AS seconds FROM c GROUP BY 1, 2) d
     GROUP BY agent ORDER BY 2 DESC, 1 LIMIT ${MAX_NAMES}) a),
  'reasons', (SELECT jsonb_agg(jsonb_build_array(reason, calls)) FROM (SELECT reason, count(*) AS calls FROM c
     WHERE reason IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MAX_NAMES}) r),
  'transports', (SELECT jsonb_agg(jsonb_build_array(transport, calls)) FROM (SELECT transport, count(*) AS calls FROM c
     GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MAX_NAMES}) t)) AS numbers`;

interface Lasting {
  calls: number;
  seconds: number;
  readonly classes: Map<number, number>;
}

/** The sum of several numbers of this kind. */
export class Sum {
  readonly slots = new Map<number, { calls: number; seconds: number }>();
  readonly agents = new Map<string, Lasting>();
  readonly reasons = new Map<string, number>();
  readonly transports = new Map<string, number>();

  add({ slots, agents, reasons, transports }: Numbers): void {
    for (const [slot, calls, seconds] of slots ?? []) {
      const known = this.slots.get(slot);
      if (known === undefined) this.slots.set(slot, { calls, seconds });
      else {
        known.calls += calls;
        known.seconds += seconds;
      }
    }
    for (const [agent, calls, seconds, classes] of agents ?? []) {
      const known = this.agents.get(agent) ?? { calls: 0, seconds: 0, classes: new Map<number, number>() };
      known.calls += calls;
      known.seconds += seconds;
      for (const [bin, count] of classes ?? []) known.classes.set(bin, (known.classes.get(bin) ?? 0) + count);
      this.agents.set(agent, known);
    }
    for (const [reason, calls] of reasons ?? []) this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + calls);
    for (const [name, calls] of transports ?? []) this.transports.set(name, (this.transports.get(name) ?? 0) + calls);
  }
}

/** The median of durations in classes; null if there are none. */
export function medianIn(histograms: Iterable<ReadonlyMap<number, number>>): number | null {
  const all = new Map<number, number>();
  let total = 0;
  for (const classes of histograms) {
    for (const [bin, count] of classes) {
      all.set(bin, (all.get(bin) ?? 0) + count);
      total += count;
    }
  }
  let passed = 0;
  for (const [bin, count] of [...all].sort(([one], [other]) => one - other)) {
    passed += count;
    if (passed * 2 >= total) return middleOf(bin);
  }
  return null;
}

/** The duration in the middle of a class, in seconds. */
function middleOf(bin: number): number {
  const seconds = bin < 0 ? (bin + 100) / 100 : CLASS ** (bin + 0.5);
  return Math.round(seconds * 1000) / 1000;
}

export const minutesOf = (seconds: number): number => Math.round((seconds / 60) * 100) / 100;
