/** What somebody typed, as a `tsquery` and as what to mark in the lines that it finds. Pure. */
import { digitsIn, quoted, tenantWord, wordsIn } from './search-words.js';

export interface SearchQuery {
  /** Text of a `tsquery` on what was said, or who said it; null where the words say nothing. */
  readonly words: string | null;
  /** The same on the caller's number. */
  readonly number: string | null;
  readonly exact: ReadonlySet<string>;
  readonly prefix: string | null;
}

interface Term {
  readonly isNot: boolean;
  /** Several: one behind the other. */
  readonly words: readonly string[];
  readonly isPrefix: boolean;
}

/** A single letter begins too much: every word with it would be looked through. */
const MIN_PREFIX = 2;
/** `"a phrase"`, `-not`, `or`, words: as `websearch_to_tsquery` reads them. */
const TERM = /(-?)"([^"]*)"?|(-?)([^\s"]+)/g;

/** All words must be found in one line, the last one perhaps only begun. `tenant`: in its lines alone; null: in everybody's. */
export function parseSearch(text: string, tenant: string | null): SearchQuery {
  const groups = termsIn(text);
  const terms = groups.flat();
  const within = tenant === null ? '' : `${quoted(tenantWord(tenant))} & `;
  const digits = digitsIn(text.trim());
  const wanted = terms.filter(({ isNot }) => !isNot);
  const prefix = wanted.findLast(({ isPrefix }) => isPrefix)?.words.at(-1) ?? null;
  return {
    words: wanted.length === 0 ? null : `${within}(${groups.map(groupQuery).join(' | ')})`,
    number: digits === null ? null : `${within}${quoted(digits)}:*`,
    exact: new Set(wanted.flatMap(({ words }) => words)),
    prefix,
  };
}

/** Alternatives, each a list of terms that all must hold. */
function termsIn(text: string): Term[][] {
  const groups: Term[][] = [[]];
  const matches = [...text.matchAll(TERM)];
  for (const [index, [, notPhrase = '', phrase, notWord = '', word = '']] of matches.entries()) {
    if (word.toLowerCase() === 'or' && index > 0 && index < matches.length - 1) {
      groups.push([]);
      continue;
    }
    const words = wordsIn(phrase ?? word).map((one) => one.word);
    const isPrefix = phrase === undefined && index === matches.length - 1 && (words.at(-1)?.length ?? 0) >= MIN_PREFIX;
    if (words.length > 0) groups.at(-1)?.push({ isNot: notPhrase + notWord !== '', words, isPrefix });
  }
  return groups.filter((terms) => terms.length > 0);
}

function groupQuery(terms: readonly Term[]): string {
  return `(${terms.map(termQuery).join(' & ')})`;
}

function termQuery({ isNot, words, isPrefix }: Term): string {
  const last = words.length - 1;
  const phrase = words.map((word, index) => `${quoted(word)}${isPrefix && index === last ? ':*' : ''}`).join(' <-> ');
  return `${isNot ? '!' : ''}(${phrase})`;
}
