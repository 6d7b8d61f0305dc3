/**
 * Searches for the phrases of many conditions at once. The cost of a line is its number of words, however many phrases
 * there are. Pure.
 */
import { type Word, wordsIn } from '../calls/search/search-words.js';

interface Phrase<Owner> {
  readonly words: readonly string[];
  readonly owner: Owner;
}

/** A phrase is a sequence of words, folded as search folds them (calls/search/folding.ts). */
export class Phrases<Owner> {
  private readonly byFirst = new Map<string, Phrase<Owner>[]>();

  add(text: string, owner: Owner): void {
    const words = wordsIn(text).map(({ word }) => word);
    const [first] = words;
    if (first === undefined) return;
    const known = this.byFirst.get(first) ?? [];
    known.push({ words, owner });
    this.byFirst.set(first, known);
  }

  get isEmpty(): boolean {
    return this.byFirst.size === 0;
  }

  /** Each owner with the place of its first phrase in the text. */
  find(words: readonly Word[]): ReadonlyMap<Owner, number> {
    const found = new Map<Owner, number>();
    for (const [index, { word, start }] of words.entries())
      for (const phrase of this.byFirst.get(word) ?? [])
        if (!found.has(phrase.owner) && follows(words, index, phrase.words)) found.set(phrase.owner, start);
    return found;
  }
}

function follows(words: readonly Word[], from: number, phrase: readonly string[]): boolean {
  return phrase.every((word, offset) => words[from + offset]?.word === word);
}
