/** The part of a line that a search found, as text and where in it the words stand: who shows it marks them itself. Pure. */
import type { SearchQuery } from './search-query.js';
import { type Word, wordsIn } from './search-words.js';

export interface Snippet {
  readonly text: string;
  /** Within `text`, in UTF-16 code units, as `String.slice` counts. */
  readonly matches: readonly { readonly start: number; readonly end: number }[];
}

/** Characters that stand before the first match, and in all. */
const BEFORE = 60;
const LENGTH = 200;
const MAX_MATCHES = 50;

/** Null where no word of the line is one that was looked for. */
export function snippetOf(line: string, { exact, prefix }: SearchQuery): Snippet | null {
  const words = wordsIn(line);
  const isMatch = ({ word }: Word) => exact.has(word) || (prefix !== null && word.startsWith(prefix));
  const found = words.filter(isMatch);
  const [first] = found;
  if (first === undefined) return null;
  // Cuts stand at words, so that no character is halved.
  const start =
    first.start <= BEFORE ? 0 : (words.find((word) => word.start >= first.start - BEFORE)?.start ?? first.start);
  const fits = words.findLast(({ end }) => end <= start + LENGTH)?.end ?? first.end;
  const end = line.length <= start + LENGTH ? line.length : Math.max(fits, first.end);
  const [before, after] = [start > 0 ? '…' : '', end < line.length ? '…' : ''];
  const shift = before.length - start;
  const matches = found.filter((word) => word.end <= end).slice(0, MAX_MATCHES);
  return {
    text: `${before}${line.slice(start, end)}${after}`,
    matches: matches.map((word) => ({ start: word.start + shift, end: word.end + shift })),
  };
}
