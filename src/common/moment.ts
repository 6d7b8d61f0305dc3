/**
 * The wall clock, which only names moments: when something happened, until when something may be used. It jumps, both ways. How long
 * something takes is told by `performance.now()`, which does not; eslint holds this.
 */

export function moment(): Date {
  return new Date();
}

/** The moment that is so many ms from now; before now when they are negative. */
export function momentIn(ms: number): Date {
  return new Date(Date.now() + ms);
}

/** Whichever comes first. */
export function earlier(one: Date, other: Date): Date {
  return one < other ? one : other;
}

/** True when the moment has come, by the clock as it stands. To be asked again: the answer may change back. */
export function hasCome(at: Date): boolean {
  return at.getTime() <= Date.now();
}
