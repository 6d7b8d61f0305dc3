/** Words and fields of the second generation in our customers' vocabulary (docs/sources.md). Pure. */
import { numberIn } from '../../common/exact-number.js';
import { timeOfSeconds } from '../../common/written-time.js';
import { type Fields, isFields } from './entry.js';

/** What customers' pages know of the first generation, where a word of the second means the same. */
const REASONS = new Map([
  ['caller_hung_up', 'hangup'],
  ['agent_hung_up', 'hangup'],
  ['supervisor_ended', 'hangup'],
  ['dial_failed', 'failed'],
  ['drained', 'failed'],
  ['app_detached', 'failed'],
  ['error', 'failed'],
]);

/** Names that our own envelope has in `data`: an entry's own of the same name stands beside it as `entryAgent`. */
const OURS = new Set(['callId', 'agent', 'at', 'seq', 'call']);
/** Fields for the operator only, in whatever entry a later version may use them. */
const MONEY = /(^|_)(cost|costs|usd|eur|price|prices|priced|unpriced|billing|usage)(_|$)/i;

/** Our word for why a call ended; an unknown one stays as it is. */
export function reasonOf(word: unknown): unknown {
  return typeof word === 'string' ? (REASONS.get(word) ?? word) : word;
}

/** Seconds as whole milliseconds; absent where nothing was measured. */
export function msOf(seconds: unknown): number | undefined {
  const number = numberIn(seconds);
  return number === undefined ? undefined : Math.round(number * 1000);
}

/** Unix seconds as ISO 8601. */
export function timeIn(seconds: unknown): string | undefined {
  return timeOfSeconds(numberIn(seconds))?.toISOString();
}

/** A person: the name, else the id. */
export function personIn(by: unknown): unknown {
  return isFields(by) ? (by['name'] ?? by['id']) : by;
}

/** Without absent fields: null says no more than absence. */
export function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}

/**
 * Some fields of an entry under our names: `'args'` ← `arguments` is `{args: 'arguments'}`. Fields without a name here
 * do not get through. So a field that a later version adds to a known type is held back until somebody has looked at
 * it.
 */
export function renamed(data: Fields, names: Readonly<Record<string, string>>): Fields {
  return present(Object.fromEntries(Object.entries(names).map(([ours, theirs]) => [ours, data[theirs]])));
}

/** All fields of an entry of an unknown type, but money: camelCase at the top level, and no name of our envelope's. */
export function carriedOver(data: Fields): Fields {
  const entries = Object.entries(data).filter(([key]) => !MONEY.test(key));
  return present(Object.fromEntries(entries.map(([key, value]) => [ownName(camelCase(key)), value])));
}

function ownName(key: string): string {
  return OURS.has(key) ? `entry${key.charAt(0).toUpperCase()}${key.slice(1)}` : key;
}

function camelCase(key: string): string {
  return /^[a-z]/.test(key) ? key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) : key;
}
