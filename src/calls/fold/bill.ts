/**
 * What upstream bills for a call: for the operator only (docs/calls.md, "Quality"). The call and its judging are billed
 * apart, and a call may be judged again. Pure; a bill may hold any value.
 */
import type { CallEvent } from './call-event.js';
import { type Claim, better, claim } from './claim.js';
import { labelOf, numberOf, objectAt } from './value.js';

/** `currency` and `rows` are null if upstream gives only an amount, as the first generation does. */
export interface Bill {
  readonly amount: number;
  readonly currency: string | null;
  /** The items, as upstream writes them. */
  readonly rows: readonly unknown[] | null;
}

export interface Bills {
  readonly call: Claim<Bill> | null;
  readonly judging: readonly Claim<Bill>[];
}

export const NO_BILLS: Bills = { call: null, judging: [] };

/** They are in every row of a list. */
const MAX_ROWS = 32;
const MAX_ROWS_LENGTH = 4096;
const MAX_JUDGINGS = 16;

export function billsAfter(known: Bills, { type, seq, data }: CallEvent): Bills {
  const bill = billIn(data['cost']);
  if (bill === null) return known;
  if (type === 'call.summary') return { ...known, call: better(known.call, claim(bill, 0, seq)) };
  if (type !== 'call.score' || known.judging.some((one) => one.seq === seq)) return known;
  return { ...known, judging: [...known.judging, claim(bill, 0, seq)].slice(-MAX_JUDGINGS) };
}

/** The call and its judging together; null: upstream does not say. Amounts are of one currency, as upstream's are. */
export function costOf({ call, judging }: Bills): Bill | null {
  const bills = [...(call === null ? [] : [call.value]), ...judging.map(({ value }) => value)];
  const [first] = bills;
  if (first === undefined) return null;
  const judged = judging.map(({ value: { amount } }) => ({ unit: 'judging', amount }));
  const rows = [...(call?.value.rows ?? []), ...judged];
  const amount = bills.reduce((sum, bill) => sum + bill.amount, 0);
  return {
    amount: Math.round(amount * 1e9) / 1e9,
    currency: first.currency,
    rows: rows.length === 0 && first.rows === null ? null : rows,
  };
}

/** The first generation gives a number; the decoder of the second an object. */
function billIn(value: unknown): Bill | null {
  const alone = numberOf(value);
  if (alone !== null) return { amount: alone, currency: null, rows: null };
  const { amount, currency, rows } = objectAt(value);
  const sum = numberOf(amount);
  if (sum === null) return null;
  return { amount: sum, currency: labelOf(currency), rows: Array.isArray(rows) ? shortened(rows as unknown[]) : null };
}

function shortened(rows: readonly unknown[]): unknown[] {
  let length = 0;
  return rows.slice(0, MAX_ROWS).filter((row) => (length += JSON.stringify(row)?.length ?? 0) <= MAX_ROWS_LENGTH);
}
