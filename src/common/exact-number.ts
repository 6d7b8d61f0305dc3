/**
 * A number that a double cannot hold, kept as the digits that came in (security rule 11). Its class marks it, and
 * nothing that a sender writes can have that class: no text, key or object imitates it. Runs in the browser, too.
 */
export class ExactNumber {
  /** How often JSON.stringify met one. It cannot write the digits, so the serialiser checks this count. */
  static met = 0;

  constructor(readonly text: string) {}

  /** For uses that need no exact digits: the nearest double. */
  toJSON(): number {
    ExactNumber.met += 1;
    return Number(this.text);
  }

  toString(): string {
    return this.text;
  }
}

/** The value if it is a finite number of either kind. */
export function numberIn(value: unknown): number | undefined {
  const number = value instanceof ExactNumber ? Number(value.text) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

const WHOLE = /^-?\d+$/;

/** The digits of a whole number of either kind: an id or a phone number may have been written as a number. */
export function digitsOf(value: unknown): string | undefined {
  if (value instanceof ExactNumber || typeof value === 'number') return WHOLE.exec(String(value))?.[0];
  return undefined;
}

/** Every double holds this many digits, with an exponent up to about 300. */
const SAFE_DIGITS = 15;
const [SMALLEST, LARGEST] = [1e-290, 1e290];

/** True for a JSON number that a double holds exactly, apart from its notation. */
export function isHeldByDouble(token: string): boolean {
  const value = Number(token);
  if (String(value) === token) return true;
  const digits = token.replace(/[eE].*|[-.]/g, '').replace(/^0+/, '');
  const size = Math.abs(value);
  return digits.length <= SAFE_DIGITS && (digits === '' || (size > SMALLEST && size < LARGEST));
}

/** Sixteen digits or more, or an exponent of three. Without either, a text holds no number that a double rounds. */
const SUSPECT = /\d[\d.]{15,}(?:[eE][-+]?\d+)?|\d[eE][-+]?\d{3,}/g;

/** True if the JSON may hold a number that `JSON.parse` would change. Such digits within a string count, too. */
export function mayLoseDigits(json: string): boolean {
  const suspects = json.match(SUSPECT);
  return suspects !== null && !suspects.every(isHeldByDouble);
}

/** True for a JSON object: not an array, not null, not an exact number. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}
