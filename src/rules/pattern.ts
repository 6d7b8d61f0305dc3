/**
 * A pattern that cannot stall anybody. RE2's syntax has nothing that needs backtracking: a match takes at most
 * (instructions of the program) × (characters looked at) steps. Both are bounded here, and so is their product. A
 * pattern beyond that is refused when the rule is written. See https://github.com/google/re2/wiki/Syntax and
 * docs/rules.md, "Patterns".
 */
import { RE2JS, RE2JSException } from 're2js';

/** Characters of a pattern. */
export const MAX_PATTERN = 500;
/** Instructions of its program. A counted repetition is written out: `a{100}` has a hundred. */
export const MAX_PROGRAM = 200;
/** Instructions × characters of one evaluation; some 3 ms of a core. */
export const MAX_STEPS = 100_000;
/** Characters of a line that are looked at if the program is small. */
export const MAX_LOOKED_AT = 2000;

export class Pattern {
  private constructor(
    private readonly program: RE2JS,
    /** How many characters at a line's beginning it looks at. */
    readonly looksAt: number,
  ) {}

  /** Why the text must not be used as a pattern; undefined: it may be used. */
  static faultOf(text: string): string | undefined {
    const made = make(text);
    return typeof made === 'string' ? made : undefined;
  }

  /** For a pattern that was checked when it was stored. Undefined: it is no longer valid, and matches nothing. */
  static of(text: string): Pattern | undefined {
    const made = make(text);
    if (typeof made === 'string') return undefined;
    return new Pattern(made, Math.min(MAX_LOOKED_AT, Math.floor(MAX_STEPS / Math.max(1, made.programSize()))));
  }

  /** The place of the first match; -1: no match. */
  find(text: string): number {
    const matcher = this.program.matcher(text.length > this.looksAt ? text.slice(0, this.looksAt) : text);
    return matcher.find() ? matcher.start() : -1;
  }

  /** Instructions × characters: the most steps that it takes to look at this text. */
  stepsFor(text: string): number {
    return this.program.programSize() * Math.min(text.length, this.looksAt);
  }
}

function make(text: string): RE2JS | string {
  if (text.length > MAX_PATTERN) return `must have ${MAX_PATTERN} characters at most`;
  if (countedSize(text) > MAX_REPEATED) return TOO_LARGE;
  try {
    const program = RE2JS.compile(text);
    return program.programSize() > MAX_PROGRAM ? TOO_LARGE : program;
  } catch (error) {
    if (error instanceof RE2JSException) return 'must be a pattern in RE2 syntax (no lookaround, no backreferences)';
    throw error;
  }
}

const TOO_LARGE = `is too large: at most ${MAX_PROGRAM} instructions; repeat less, or use words`;

/** Compiling writes counted repetitions out. So their product, when nested, is checked before. */
const MAX_REPEATED = 10_000;
function countedSize(text: string): number {
  let product = 1;
  for (const [, low = '', high = ''] of text.matchAll(/\{(\d{1,9})(?:,(\d{0,9}))?\}/g))
    product = Math.min(Number.MAX_SAFE_INTEGER, product * Math.max(1, Number(high || low)));
  return product;
}
