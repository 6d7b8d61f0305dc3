/**
 * Text as words that can be searched, pure. PostgreSQL's own parser depends on the database's locale: in `C` it takes "¡" for
 * a letter and leaves "É" as it is. So texts are split and folded here, the same for what is kept and for what is asked,
 * and PostgreSQL is given finished `tsvector`s and `tsquery`s (the dictionary `simple`, so to speak: no language is known).
 */

/** A word, folded, and where it stands in the text (UTF-16 code units). */
export interface Word {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** Scripts that write no spaces: each character is a word, and what people type is found as a phrase. */
const SPACELESS = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`;
const WORD = new RegExp(String.raw`[${SPACELESS}]\p{M}*|(?:(?![${SPACELESS}])[\p{L}\p{N}\p{M}])+`, 'gu');
const ASCII = /^[\x20-\x7e]*$/;
/** Accents of Latin, Greek and Cyrillic; marks of other scripts are their vowels. */
const ACCENTS = /[\u0300-\u036f]/g;
const NO_LETTER = /[^\p{L}\p{N}\p{M}]/gu;
/** PostgreSQL takes lexemes below 2,046 bytes; nobody types more of a word than this. */
const MAX_WORD = 100;
/** Shortest end of a number that is found; people know the last digits. */
const MIN_DIGITS = 3;
const MAX_DIGITS = 20;

/** Case, accents and widths do not count: "MAÑANA", "manana" and "mañana" are one word. */
function fold(word: string): string {
  if (ASCII.test(word)) return word.toLowerCase().slice(0, MAX_WORD); // As below, at a tenth of its price.
  // Upper case first: "ß" and "SS", "ς" and "σ" are alike only there.
  const plain = word.normalize('NFKD').replace(ACCENTS, '').toUpperCase().toLowerCase().replace(ACCENTS, '');
  return plain.normalize('NFKC').replace(NO_LETTER, '').slice(0, MAX_WORD);
}

export function wordsIn(text: string): Word[] {
  return [...text.matchAll(WORD)].flatMap(({ 0: match, index }) => {
    const word = fold(match);
    return word === '' ? [] : [{ word, start: index, end: index + match.length }];
  });
}

/** Text of a `tsvector`; with `tenant`, one word more that no text can contain, so that the index tells tenants apart. */
export function vectorOf(words: readonly string[], tenant: string): string {
  const placed = words.map((word, index) => `${quoted(word)}:${index + 1}`);
  return [quoted(tenantWord(tenant)), ...placed].join(' ');
}

export function tenantWord(tenant: string): string {
  return `@${tenant}`;
}

/** Words of who called: of the number every end, so that its last digits are a prefix of something. */
export function callerWords(from: string | null, name: string | null): string[] {
  const words = wordsIn(`${name ?? ''} ${from ?? ''}`).map(({ word }) => word);
  const digits = digitsIn(from ?? '');
  const ends = digits === null ? [] : Array.from(digits, (_, index) => digits.slice(index));
  return [...new Set([...words, ...ends.filter((end) => end.length >= MIN_DIGITS)])];
}

/** The digits of a phone number as people write them; null for what is none. */
export function digitsIn(text: string): string | null {
  if (!/^[+\d\s()./-]+$/.test(text)) return null;
  const digits = text.replace(/\D/g, '');
  return digits.length >= MIN_DIGITS ? digits.slice(0, MAX_DIGITS) : null;
}

/** As SQL's quoted lexeme: https://www.postgresql.org/docs/current/datatype-textsearch.html */
export function quoted(word: string): string {
  return `'${word.replace(/['\\]/g, '$&$&')}'`;
}
