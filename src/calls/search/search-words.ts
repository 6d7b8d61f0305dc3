/**
 * Text as words that can be searched, pure. PostgreSQL's own parser depends on the database's locale: in `C` it takes
 * "¡" for a letter and leaves "É" as it is. So texts are split and folded here, in the same way for stored text and for
 * searches. PostgreSQL is given finished `tsvector`s and `tsquery`s, as from the dictionary `simple`: no language is
 * assumed.
 */
import { folded } from './folding.js';
import { numbersIn } from './phone-number.js';

/** A word, folded, and its place in the text (UTF-16 code units). */
export interface Word {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Scripts without spaces. Each character is stored as a word by itself, so what is stored depends on no dictionary. A
 * search is cut into words by a dictionary (search-query.ts). Digits of these scripts count as digits.
 */
const SPACELESS = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar']
  .map((script) => String.raw`\p{Script_Extensions=${script}}`)
  .join('');
const CHARACTER = String.raw`(?![\p{Nd}\u02b9-\u02bd])[${SPACELESS}]`;
/**
 * Invisible characters belong to their word, except the zero-width space. An apostrophe that Unicode classes as a
 * letter does not count as one.
 */
const WITHIN = String.raw`\p{M}\p{Default_Ignorable_Code_Point}`;
const LETTER = String.raw`(?![\u200b\u02b9-\u02bd])[\p{L}\p{N}${WITHIN}]`;
const WORD = new RegExp(
  String.raw`${CHARACTER}(?:(?!\u200b)[${WITHIN}\uff9e\uff9f])*|(?:(?!${CHARACTER})${LETTER})+`,
  'gu',
);
const IS_CHARACTER = new RegExp(`^${CHARACTER}`, 'u');
/** Shortest end of a number that is found. People know the last digits. */
const MIN_DIGITS = 3;

export function wordsIn(text: string): Word[] {
  return [...text.matchAll(WORD)].flatMap(({ 0: match, index }) => {
    const word = folded(match);
    return word === '' ? [] : [{ word, start: index, end: index + match.length }];
  });
}

/** True for a word that is one character of a script without spaces. */
export function isCharacter({ word }: Word): boolean {
  return IS_CHARACTER.test(word);
}

/**
 * Text of a `tsvector`. With `tenant`, it has one word more that no text can contain, so that the index tells tenants
 * apart.
 */
export function vectorOf(words: readonly string[], tenant: string): string {
  const placed = words.map((word, index) => `${quoted(word)}:${index + 1}`);
  return [quoted(tenantWord(tenant)), ...placed].join(' ');
}

export function tenantWord(tenant: string): string {
  return `@${tenant}`;
}

/**
 * The words of the other party's name, in their order, and every ending of each number, so that a search for its last
 * digits finds it.
 */
export function callerWords(name: string | null, addresses: readonly string[]): string[] {
  const words = [name ?? '', ...addresses].flatMap((text) => wordsIn(text)).map(({ word }) => word);
  const digits = addresses.flatMap(numbersIn);
  const ends = digits.flatMap((number) => Array.from(number, (_, index) => number.slice(index)));
  return [...words, ...new Set(ends.filter((end) => end.length >= MIN_DIGITS && !words.includes(end)))];
}

/** Quoted as an SQL lexeme: https://www.postgresql.org/docs/current/datatype-textsearch.html */
export function quoted(word: string): string {
  return `'${word.replace(/['\\]/g, '$&$&')}'`;
}
