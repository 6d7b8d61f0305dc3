/** What a call costs the operator: the reseller's bill, never his customers' (docs/calls.md, "Quality"). Pure. */
import { numberIn } from '../../common/exact-number.js';
import { type Entry, isFields } from './entry.js';

export interface Cost {
  readonly amount: number;
  readonly currency: 'USD' | 'EUR';
  /** By vendor, model and unit, as upstream writes them; absent: it gives a sum only. */
  readonly rows?: readonly unknown[];
}

/** Items that are kept, and their length as text: an event is bounded. */
const MAX_ROWS = 100;
const MAX_LENGTH = 16 * 1024;

/** The bill in a `call.summary`, or what judging cost; undefined if there is none. Old logs count in euros. */
export function costIn({ type, data }: Pick<Entry, 'type' | 'data'>): Cost | undefined {
  if (type === 'call.summary' && isFields(data['cost'])) {
    const { usd, eur, rows } = data['cost'];
    return billOf(usd, eur, Array.isArray(rows) ? (rows as unknown[]) : undefined);
  }
  return type === 'call.score' ? billOf(data['judge_cost_usd'], data['judge_cost_eur'], undefined) : undefined;
}

function billOf(usd: unknown, eur: unknown, rows: readonly unknown[] | undefined): Cost | undefined {
  const [dollars, euros] = [numberIn(usd), numberIn(eur)];
  const amount = dollars ?? euros;
  if (amount === undefined) return undefined;
  return { amount, currency: dollars === undefined ? 'EUR' : 'USD', ...(rows && { rows: shortened(rows) }) };
}

function shortened(rows: readonly unknown[]): readonly unknown[] {
  let length = 0;
  return rows.slice(0, MAX_ROWS).filter((row) => (length += JSON.stringify(row)?.length ?? 0) <= MAX_LENGTH);
}
