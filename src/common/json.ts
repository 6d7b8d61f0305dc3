/**
 * JSON in and out without loss. `JSON.parse` turns 9007199254740993 into ...992; what we only pass on must keep its
 * digits (security rule 11). So an integer that a double cannot hold is parsed as a marked string, and written back as the
 * digits that came in. The mark is random for each process: no input can carry it.
 */
import { randomUUID } from 'node:crypto';

const MARK = randomUUID();
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
const INTEGER = /^-?\d+$/;
const MARKED = new RegExp(`"${MARK}([^"]+)"`, 'g');

/** Longest run of digits that every double holds exactly. */
const SAFE_DIGITS = /\d{16,}/;

/** As `JSON.parse`; integers beyond 2^53 survive {@link serialiseJson}. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  if (!SAFE_DIGITS.test(text)) return JSON.parse(text);
  JSON.parse(text); // The tokens below are only meaningful in a text that is JSON.
  return JSON.parse(
    text.replace(STRING_OR_NUMBER, (token) =>
      INTEGER.test(token) && String(Number(token)) !== token ? `"${MARK}${token}"` : token,
    ),
  );
}

/** One line of JSON. Lone surrogates become U+FFFD, control characters (NUL, CR, LF) stay escapes. */
export function serialiseJson(value: unknown): string {
  let text = JSON.stringify(value);
  if (text.includes('\\ud')) text = JSON.stringify(wellFormed(value));
  return text.includes(MARK) ? text.replace(MARKED, '$1') : text;
}

/** How deep arrays and objects are nested: 0 for a scalar. Stops counting past `limit`. */
export function exceedsDepth(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  return Object.values(value).some((child) => exceedsDepth(child, limit - 1));
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return replaceLoneSurrogates(value);
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [replaceLoneSurrogates(key), wellFormed(child)]),
  );
}

function replaceLoneSurrogates(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}
