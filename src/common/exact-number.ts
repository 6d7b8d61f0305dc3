/**
 * A number that a double cannot hold, kept as the digits that came in (security rule 11). It is told by its class, which
 * nothing that a sender writes can have: no text, key or object stands for it. Runs in the browser, too.
 */
export class ExactNumber {
  /** How many were met by JSON.stringify, which has no way to write their digits: who serialises looks at it. */
  static met = 0;

  constructor(readonly text: string) {}

  /** Where digits do not matter: the nearest double. */
  toJSON(): number {
    ExactNumber.met += 1;
    return Number(this.text);
  }

  toString(): string {
    return this.text;
  }
}

/** The value where it is a finite number, of either kind. */
export function numberIn(value: unknown): number | undefined {
  const number = value instanceof ExactNumber ? Number(value.text) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

const WHOLE = /^-?\d+$/;

/** The digits of a whole number, of either kind: what stands for an id or a phone number that was written as one. */
export function digitsOf(value: unknown): string | undefined {
  if (value instanceof ExactNumber || typeof value === 'number') return WHOLE.exec(String(value))?.[0];
  return undefined;
}

/** Every double holds so many digits, with an exponent up to about 300. */
const SAFE_DIGITS = 15;
const [SMALLEST, LARGEST] = [1e-290, 1e290];

/** True for a number of JSON that a double holds as it is written, but for its notation. */
export function isHeldByDouble(token: string): boolean {
  const value = Number(token);
  if (String(value) === token) return true;
  const digits = token.replace(/[eE].*|[-.]/g, '').replace(/^0+/, '');
  const size = Math.abs(value);
  return digits.length <= SAFE_DIGITS && (digits === '' || (size > SMALLEST && size < LARGEST));
}

/** Sixteen digits or more, or an exponent of three: without either in it, a text holds no number that a double rounds. */
const SUSPECT = /\d[\d.]{15,}(?:[eE][-+]?\d+)?|\d[eE][-+]?\d{3,}/g;

/** True when JSON may hold a number that `JSON.parse` would change; such digits within a string count, too. */
export function mayLoseDigits(json: string): boolean {
  const suspects = json.match(SUSPECT);
  return suspects !== null && !suspects.every(isHeldByDouble);
}

/** True for a JSON object: no array, no null, no number that is kept exactly. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}
