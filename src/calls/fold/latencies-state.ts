/**
 * How long the agent took to answer, turn by turn: from when the caller stopped until the agent was heard. One part of
 * a call counts them by whole milliseconds. So their percentiles are exact, however many there are, and the part stays
 * small.
 */
export interface LatenciesState {
  readonly kind: 'latencies';
  /** The number of turns for each value in milliseconds. */
  readonly counts: Readonly<Record<string, number>>;
  /** The last turns by their keys. A turn that is told again, or with another value, counts once. */
  readonly recent: readonly (readonly [string, number])[];
}

export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  readonly n: number;
}

export const LATENCIES = 'latencies';
const MAX_RECENT = 64;
/** Ten minutes: a longer time is a mistake. */
const MAX_MS = 600_000;
/** Longest key that is kept as it is. */
const MAX_KEY = 300;
/** Values that are told apart to the millisecond. Further values are rounded to a hundredth or less. */
const MAX_EXACT = 512;
const COARSE: readonly (readonly [below: number, step: number])[] = [[1000, 10], [10_000, 100], [MAX_MS, 5000]]; // prettier-ignore

/** `key`: of the message. Of a long one only the beginning and the length are kept, so that the part stays small. */
export function withLatency(known: LatenciesState | undefined, key: string, ms: number): LatenciesState {
  const name = key.length > MAX_KEY ? `${key.slice(0, MAX_KEY)} ${key.length}` : key;
  const counts: LatenciesState['counts'] = known?.counts ?? {};
  const recent = known?.recent ?? [];
  const before = recent.find(([one]) => one === name)?.[1];
  const slot = slotOf(counts, ms);
  if (before === slot) return known ?? { kind: 'latencies', counts, recent };
  const next: Record<string, number> = { ...counts, [slot]: (counts[slot] ?? 0) + 1 };
  if (before !== undefined && (next[before] = (next[before] ?? 1) - 1) <= 0) delete next[before];
  const others = recent.filter(([one]) => one !== name);
  return { kind: 'latencies', counts: next, recent: [...others, [name, slot] as const].slice(-MAX_RECENT) };
}

/** A plausible latency; undefined for any other value. */
export function latencyIn(ms: number | null): number | undefined {
  return ms === null || !(ms >= 0) ? undefined : Math.min(Math.round(ms), MAX_MS);
}

export function latencyOf({ counts }: LatenciesState): Latency | null {
  const sorted = Object.entries(counts)
    .map(([ms, count]) => [Number(ms), count] as const)
    .sort(([one], [other]) => one - other);
  const n = sorted.reduce((sum, [, count]) => sum + count, 0);
  const max = sorted.at(-1)?.[0];
  return max === undefined ? null : { p50: percentile(sorted, n, 0.5), p95: percentile(sorted, n, 0.95), max, n };
}

/** One value for each turn, ascending. */
export function valuesOf({ counts }: LatenciesState): number[] {
  const sorted = Object.entries(counts).sort(([one], [other]) => Number(one) - Number(other));
  return sorted.flatMap(([ms, count]) => Array.from({ length: count }, () => Number(ms)));
}

function slotOf(counts: LatenciesState['counts'], ms: number): number {
  if (counts[ms] !== undefined || Object.keys(counts).length < MAX_EXACT) return ms;
  const step = COARSE.find(([below]) => ms < below)?.[1] ?? MAX_MS;
  return Math.round(ms / step) * step;
}

/** As PostgreSQL's percentile_cont, rounded to a thousandth. */
function percentile(sorted: readonly (readonly [number, number])[], n: number, part: number): number {
  const place = part * (n - 1);
  const [low, high] = [valueAt(sorted, Math.floor(place)), valueAt(sorted, Math.ceil(place))];
  return Math.round((low + (high - low) * (place - Math.floor(place))) * 1000) / 1000;
}

function valueAt(sorted: readonly (readonly [number, number])[], index: number): number {
  let passed = 0;
  for (const [ms, count] of sorted) if ((passed += count) > index) return ms;
  return 0;
}
