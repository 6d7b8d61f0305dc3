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

export function earlier<Value>(known: Claim<Value> | null, next: Claim<Value>): Claim<Value> {
  return known === null || next.seq < known.seq ? next : known;
}

export function later<Value>(known: Claim<Value>, next: Claim<Value>): Claim<Value> {
  return next.seq > known.seq ? next : known;
}

export function better<Value>(known: Claim<Value> | null, next: Claim<Value>): Claim<Value> {
  if (known === null || next.rank > known.rank) return next;
  return next.rank === known.rank && next.seq > known.seq ? next : known;
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function objectsIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value)
    ? value.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null)
    : [];
}

/** Arguments and results come as objects or as JSON in a string; what is no JSON stays as it is. */
export function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? null;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
