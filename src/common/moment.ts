/**
 * The wall clock, which only names moments: when something happened, until when something may be used. It jumps, both
 * ways. Durations are measured by `performance.now()`, which does not jump; an eslint rule enforces this.
 */

export function moment(): Date {
  return new Date();
}

/** The moment `ms` from now; before now if negative. */
export function momentIn(ms: number): Date {
  return new Date(Date.now() + ms);
}

/** The earlier of the two. */
export function earlier(one: Date, other: Date): Date {
  return one < other ? one : other;
}

/** True if the moment has passed, by the clock's present time. Ask again each time: the answer may change back. */
export function hasCome(at: Date): boolean {
  return at.getTime() <= Date.now();
}
