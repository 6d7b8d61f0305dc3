/** Turns kept numbers into what `/v1/stats` answers. Pure. */
import { MAX_NAMES, SLOT_MS, type Sum, medianIn, minutesOf } from './call-numbers.js';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** How far a zone is ahead of UTC, in minutes: for each day, and for each half hour of days in which that changes. */
export interface Offsets {
  readonly ofDays: ReadonlyMap<number, number>;
  readonly ofSlots: ReadonlyMap<number, number>;
}

/** `starts`: of all buckets, in order. */
export function statsOf(sum: Sum, starts: readonly number[], offsets: Offsets) {
  const buckets = starts.map((at) => ({ at: new Date(at).toISOString(), calls: 0, seconds: 0 }));
  const week = Array.from({ length: 7 * 24 }, () => 0);
  const totals = { calls: 0, seconds: 0 };
  for (const [slot, { calls, seconds }] of sum.slots) {
    const at = slot * SLOT_MS;
    for (const one of [totals, buckets[bucketAt(at, starts)]]) {
      if (one === undefined) continue;
      one.calls += calls;
      one.seconds += seconds;
    }
    const hour = hourOfWeek(at + offsetAt(at, offsets) * MINUTE_MS);
    week[hour] = (week[hour] ?? 0) + calls;
  }
  return {
    totals: lasting(totals, medianIn([...sum.agents.values()].map(({ classes }) => classes))),
    buckets: buckets.map(({ at, calls, seconds }) => ({ at, calls, minutes: minutesOf(seconds) })),
    agents: mostFirst([...sum.agents].map(([agent, one]) => ({ agent, ...lasting(one, medianIn([one.classes])) })), 'agent'),
    reasons: mostFirst([...sum.reasons].map(([reason, calls]) => ({ reason, calls })), 'reason'),
    transports: mostFirst([...sum.transports].map(([transport, calls]) => ({ transport, calls })), 'transport'),
    hours: week.map((calls, hour) => ({ weekday: Math.floor(hour / 24), hour: hour % 24, calls })),
  };
} // prettier-ignore

/** The last bucket that begins no later. */
function bucketAt(at: number, starts: readonly number[]): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

function offsetAt(at: number, { ofDays, ofSlots }: Offsets): number {
  return ofSlots.get(at) ?? ofDays.get(at - (at % DAY_MS)) ?? 0;
}

/** `local` is a local time as if it were UTC. The first of January 1970 was a Thursday. */
function hourOfWeek(local: number): number {
  const hours = Math.floor(local / (60 * MINUTE_MS));
  return (((hours + 4 * 24) % (7 * 24)) + 7 * 24) % (7 * 24);
}

function lasting({ calls, seconds }: { calls: number; seconds: number }, medianDuration: number | null) {
  return { calls, minutes: minutesOf(seconds), medianDuration };
}

function mostFirst<Key extends string, One extends { readonly calls: number } & Readonly<Record<Key, string>>>(
  all: readonly One[],
  key: Key,
): One[] {
  return [...all].sort((one, other) => other.calls - one.calls || (one[key] < other[key] ? -1 : 1)).slice(0, MAX_NAMES);
}
