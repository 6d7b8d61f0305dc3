/** What somebody typed, as a `tsquery` and as what to mark in the lines that it finds. Pure. */
import { numberAsked } from './phone-number.js';
import { type Word, isCharacter, quoted, tenantWord, wordsIn } from './search-words.js';

export interface SearchQuery {
  /** Text of a `tsquery` on what was said, or who said it; null where the words say nothing. */
  readonly words: string | null;
  /** The same on the number of whom was spoken with. */
  readonly number: string | null;
  /** What is marked in a line. */
  readonly phrases: readonly Phrase[];
}

/** Words that stand one behind the other, the last one perhaps only begun. */
export interface Phrase {
  readonly words: readonly string[];
  readonly isPrefix: boolean;
}

interface Term {
  readonly isNot: boolean;
  /** All must be found, wherever. */
  readonly phrases: readonly Phrase[];
}

/** A single letter begins too much: every word with it would be looked through. */
const MIN_PREFIX = 2;
/** `"a phrase"`, `-not`, `or`, words: as `websearch_to_tsquery` reads them. */
const TERM = /(-?)"([^"]*)"?|(-?)([^\s"]+)/g;
/**
 * Cuts what is typed without spaces into words. Its dictionaries differ a little from one ICU to the next: then it asks for
 * longer or shorter stretches of the same characters, and what holds them all together is found either way.
 */
const SEGMENTER = new Intl.Segmenter('und', { granularity: 'word' });

/** All words must be found in one line, the last one perhaps only begun. `tenant`: in its lines alone; null: in everybody's. */
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
 * What is typed in one go: words that signs join stay together, those of a script without spaces are cut. Characters in a row
 * that are no words of more than one stay together, too.
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

/** Where a word of several characters begins or has ended. */
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
