/** What somebody typed, as a `tsquery`, and as what to mark in the lines that it finds. Pure. */
import { numberAsked } from './phone-number.js';
import { type Word, isCharacter, quoted, tenantWord, wordsIn } from './search-words.js';

export interface SearchQuery {
  /** Text of a `tsquery` on what was said, or who said it; null if there is nothing to look for in the words. */
  readonly words: string | null;
  /** The same for the number of the other party. */
  readonly number: string | null;
  /** What is marked in a line. */
  readonly phrases: readonly Phrase[];
}

/** Words in a row; the last one may be incomplete. */
export interface Phrase {
  readonly words: readonly string[];
  readonly isPrefix: boolean;
}

interface Term {
  readonly isNot: boolean;
  /** All must be found, in any place. */
  readonly phrases: readonly Phrase[];
}

/** A single letter begins too many words; all of them would be looked through. */
const MIN_PREFIX = 2;
/** `"a phrase"`, `-not`, `or`, words: as `websearch_to_tsquery` reads them. */
const TERM = /(-?)"([^"]*)"?|(-?)([^\s"]+)/g;
/**
 * Cuts text without spaces into words. Its dictionaries differ a little between versions of ICU. Then the search asks
 * for longer or shorter stretches of the same characters; a line that has all of them together is found either way.
 */
const SEGMENTER = new Intl.Segmenter('und', { granularity: 'word' });

/**
 * All words must be found in one line; the last one may be incomplete. `tenant`: only in its lines; null: in all lines.
 */
export function parseSearch(text: string, tenant: string | null): SearchQuery {
  const groups = termsIn(text);
  const within = tenant === null ? '' : `${quoted(tenantWord(tenant))} & `;
  const numbers = numberAsked(text).map((digits) => `${quoted(digits)}:*`);
  const wanted = groups.flat().filter(({ isNot }) => !isNot);
  return {
    words: wanted.length === 0 ? null : `${within}(${groups.map(groupQuery).join(' | ')})`,
    number:
      numbers.length === 0 ? null : `${within}${numbers.length === 1 ? numbers.join('') : `(${numbers.join(' | ')})`}`,
    phrases: wanted.flatMap(({ phrases }) => phrases),
  };
}

/** Alternatives, each a list of terms that all must hold. */
function termsIn(text: string): Term[][] {
  const groups: Term[][] = [[]];
  const matches = [...text.matchAll(TERM)];
  for (const [index, [, notPhrase = '', phrase, notWord = '', word = '']] of matches.entries()) {
    const isLast = index === matches.length - 1;
    if (word.toLowerCase() === 'or' && index > 0 && !isLast) {
      groups.push([]);
      continue;
    }
    const phrases =
      phrase === undefined ? phrasesIn(word, isLast) : [{ words: textOf(wordsIn(phrase)), isPrefix: false }];
    if (phrases.some(({ words }) => words.length > 0))
      groups.at(-1)?.push({ isNot: notPhrase + notWord !== '', phrases });
  }
  return groups.filter((terms) => terms.length > 0);
}

/**
 * Text that is typed without a space. Words that signs join stay together; words of a script without spaces are cut.
 * Characters in a row that form no word of more than one character stay together, too.
 */
function phrasesIn(typed: string, isLast: boolean): Phrase[] {
  const text = typed.normalize('NFKC');
  const cuts = cutsIn(text);
  const stretches: Word[][] = [];
  for (const word of wordsIn(text)) {
    const before = stretches.at(-1)?.at(-1);
    const isCut = before === undefined || ((isCharacter(before) || isCharacter(word)) && cuts.has(word.start));
    if (isCut) stretches.push([word]);
    else stretches.at(-1)?.push(word);
  }
  return stretches.map((words, index) => {
    const isBegun = isLast && index === stretches.length - 1 && (words.at(-1)?.word.length ?? 0) >= MIN_PREFIX;
    return { words: textOf(words), isPrefix: isBegun };
  });
}

/** The places where a word of several characters begins or ends. */
function cutsIn(text: string): Set<number> {
  const long = [...SEGMENTER.segment(text)].filter(
    ({ segment }) => wordsIn(segment).length > 1 || !wordsIn(segment).every(isCharacter),
  );
  return new Set(long.flatMap(({ index, segment }) => [index, index + segment.length]));
}

function textOf(words: readonly Word[]): string[] {
  return words.map(({ word }) => word);
}

function groupQuery(terms: readonly Term[]): string {
  return `(${terms.map(termQuery).join(' & ')})`;
}

function termQuery({ isNot, phrases }: Term): string {
  return `${isNot ? '!' : ''}(${phrases.map(phraseQuery).join(' & ')})`;
}

function phraseQuery({ words, isPrefix }: Phrase): string {
  const last = words.length - 1;
  return words.map((word, index) => `${quoted(word)}${isPrefix && index === last ? ':*' : ''}`).join(' <-> ');
}
