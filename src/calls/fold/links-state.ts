/** The numbers of messages in the upstream call log: `bot.corrected.supersedes` refers to one of them. */
import { type Claim, claim, earlier } from './claim.js';

/** A stretch of numbers: one part of a call keeps many of them, and is found by any of them. */
export interface LinksState {
  readonly kind: 'links';
  /** The first number of the stretch. */
  readonly group: number;
  /** Keys of messages by number. */
  readonly keys: Readonly<Record<string, Claim<string>>>;
}

const STRETCH = 32;
/** A message with a longer id is found by its id only, so that a stretch stays small. */
const MAX_KEY = 300;

export function linksKey(source: number): string {
  return `links ${groupOf(source)}`;
}

export function linkIn({ keys }: LinksState, source: number): Claim<string> | undefined {
  return Object.hasOwn(keys, String(source)) ? keys[String(source)] : undefined;
}

/** The first message with a number keeps it. Undefined if there is nothing to keep. */
export function linksAfter(
  known: LinksState | undefined,
  source: number,
  key: string,
  seq: number,
): LinksState | undefined {
  const before = known && linkIn(known, source);
  if (key.length > MAX_KEY) return known;
  const first = earlier(before ?? null, claim(key, 0, seq));
  if (first === before) return known;
  return { kind: 'links', group: groupOf(source), keys: { ...known?.keys, [String(source)]: first } };
}

function groupOf(source: number): number {
  return Math.floor(source / STRETCH) * STRETCH;
}
