/** What an event claims of a call, and which of two claims counts, whatever the order in which they come. */

/** The higher rank wins, then the later event, or the earlier one where the first word counts. */
export interface Claim<Value> {
  readonly value: Value;
  readonly rank: number;
  readonly seq: number;
}

export function claim<Value>(value: Value, rank: number, seq: number): Claim<Value> {
  return { value, rank, seq };
}

/** The claim of the earlier event; of one rank or of none, both are claims of the same weight. */
export function earlier<Value>(known: Claim<Value> | null, next: Claim<Value>): Claim<Value> {
  return known === null || next.seq < known.seq ? next : known;
}

export function later<Value>(known: Claim<Value>, next: Claim<Value>): Claim<Value> {
  return next.seq > known.seq ? next : known;
}

/** The claim of the higher rank, the later one of two that are equal; a claim of nothing changes nothing. */
export function better<Value>(known: Claim<Value> | null, next: Claim<Value> | null): Claim<Value> | null {
  if (known === null || next === null) return known ?? next;
  if (next.rank !== known.rank) return next.rank > known.rank ? next : known;
  return next.seq > known.seq ? next : known;
}

/** The claim of the higher rank, the earlier one of two that are equal. */
export function firstBest<Value>(known: Claim<Value> | undefined, next: Claim<Value>): Claim<Value> {
  if (known === undefined) return next;
  if (next.rank !== known.rank) return next.rank > known.rank ? next : known;
  return next.seq < known.seq ? next : known;
}
