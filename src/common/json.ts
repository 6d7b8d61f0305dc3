/**
 * JSON in and out without loss. `JSON.parse` turns 9007199254740993 into ...992 and 1e400 into nothing, but values that
 * we only pass on must keep their digits (security rule 11). So a number that a double cannot hold becomes an {@link
 * ExactNumber}. No mark within the data says so, and a sender cannot imitate it.
 */
import { parse } from 'lossless-json';
import { ExactNumber, isHeldByDouble, mayLoseDigits } from './exact-number.js';
import { depthOf } from './json-shape.js';

const LOSSLESS = {
  parseNumber: (token: string) => (isHeldByDouble(token) ? Number(token) : new ExactNumber(token)),
  onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue,
};

/** The parser is recursive. We keep nothing nested deeper than this, and a deep text must not overflow the stack. */
const MAX_LOSSLESS_DEPTH = 256;

/** Like `JSON.parse`, except for numbers that it would change. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  if (!mayLoseDigits(text)) return JSON.parse(text);
  if (depthOf(text) > MAX_LOSSLESS_DEPTH) throw new SyntaxError('nested too deep');
  return parse(text, null, LOSSLESS);
}

/** One line of JSON. Lone surrogates become U+FFFD; control characters (NUL, CR, LF) stay escaped. */
export function serialiseJson(value: unknown): string {
  const met = ExactNumber.met;
  let text = JSON.stringify(value);
  if (ExactNumber.met !== met) text = withDigits(value);
  return text.includes('\\ud') ? wellFormed(text) : text;
}

/** True when arrays and objects are nested deeper than `limit`; 0 for a scalar. */
export function exceedsDepth(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return false;
  if (limit === 0) return true;
  return Object.values(value).some((child) => exceedsDepth(child, limit - 1));
}

function withDigits(value: unknown): string {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(withDigits).join(',')}]`;
  if (typeof value !== 'object' || value === null || value instanceof Date) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${withDigits(member)}`).join(',')}}`;
}

/** `JSON.stringify` escapes a surrogate only if it is alone. Two keys may become one: the last wins. */
function wellFormed(json: string): string {
  const replaced = json.replace(/\\(?:\\|ud[89a-f][0-9a-f]{2})/g, (escape) => (escape === '\\\\' ? escape : '\ufffd'));
  return replaced === json ? json : serialiseJson(parseJson(replaced));
}
