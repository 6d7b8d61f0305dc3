/**
 * The part of a line that a search found, as text and the places of the words in it. The client marks them itself.
 * Pure.
 */
import type { Phrase, SearchQuery } from './search-query.js';
import { type Word, wordsIn } from './search-words.js';

export interface Snippet {
  readonly text: string;
  /** Places within `text`, in UTF-16 code units, as `String.slice` counts. */
  readonly matches: readonly { readonly start: number; readonly end: number }[];
}

/** Characters before the first match, and in all. */
const BEFORE = 60;
const LENGTH = 200;
const MAX_MATCHES = 50;

/** Null if nothing in the line matches. */
export function snippetOf(line: string, { phrases }: Pick<SearchQuery, 'phrases'>): Snippet | null {
  const words = wordsIn(line);
  const found = placesOf(phrases, words);
  const [first] = found;
  if (first === undefined) return null;
  // Cuts are made between words, so that no character is halved.
  const start =
    first.start <= BEFORE ? 0 : (words.find((word) => word.start >= first.start - BEFORE)?.start ?? first.start);
  const fits = words.findLast(({ end }) => end <= start + LENGTH)?.end ?? first.end;
  const end = line.length <= start + LENGTH ? line.length : Math.max(fits, first.end);
  const [before, after] = [start > 0 ? '…' : '', end < line.length ? '…' : ''];
  const shift = before.length - start;
  const matches = found.filter((place) => place.end <= end).slice(0, MAX_MATCHES);
  return {
    text: `${before}${line.slice(start, end)}${after}`,
    matches: matches.map((place) => ({ start: place.start + shift, end: place.end + shift })),
  };
}

/** The places of the phrases, one after the other. Of several at one place, the longest. */
function placesOf(phrases: readonly Phrase[], words: readonly Word[]): { start: number; end: number }[] {
  const longestFirst = [...phrases].sort((one, other) => other.words.length - one.words.length);
  const first = new Set(phrases.map((phrase) => phrase.words[0]));
  const begun = longestFirst.filter((phrase) => phrase.isPrefix && phrase.words.length === 1);
  const places: { start: number; end: number }[] = [];
  for (let at = 0; at < words.length; at++) {
    const candidates = first.has(words[at]?.word) ? longestFirst : begun;
    const length = candidates.find((phrase) => standsAt(phrase, words, at))?.words.length ?? 0;
    const [begin, last] = [words[at], words[at + length - 1]];
    if (length === 0 || begin === undefined || last === undefined) continue;
    places.push({ start: begin.start, end: last.end });
    at += length - 1;
  }
  return places;
}

function standsAt({ words: wanted, isPrefix }: Phrase, words: readonly Word[], at: number): boolean {
  return wanted.every((word, index) => {
    const said = words[at + index]?.word;
    return isPrefix && index === wanted.length - 1 ? said?.startsWith(word) : said === word;
  });
}
