/** What an event claims of a call, and which of two claims counts, in whatever order they come. */

/** The higher rank wins, then the later event, or the earlier one if the first word counts. */
export interface Claim<Value> {
  readonly value: Value;
  readonly rank: number;
  readonly seq: number;
}

export function claim<Value>(value: Value, rank: number, seq: number): Claim<Value> {
  return { value, rank, seq };
}

/** The claim of the earlier event. Ranks are not compared. */
export function earlier<Value>(known: Claim<Value> | null, next: Claim<Value>): Claim<Value> {
  return known === null || next.seq < known.seq ? next : known;
}

export function later<Value>(known: Claim<Value>, next: Claim<Value>): Claim<Value> {
  return next.seq > known.seq ? next : known;
}

/** The claim of the higher rank, or the later one of two equal ranks. A claim of nothing changes nothing. */
export function better<Value>(known: Claim<Value> | null, next: Claim<Value> | null): Claim<Value> | null {
  if (known === null || next === null) return known ?? next;
  if (next.rank !== known.rank) return next.rank > known.rank ? next : known;
  return next.seq > known.seq ? next : known;
}

/** The claim of the higher rank, or the earlier one of two equal ranks. */
export function firstBest<Value>(known: Claim<Value> | undefined, next: Claim<Value>): Claim<Value> {
  if (known === undefined) return next;
  if (next.rank !== known.rank) return next.rank > known.rank ? next : known;
  return next.seq < known.seq ? next : known;
}
