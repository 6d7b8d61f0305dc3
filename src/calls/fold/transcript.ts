/** What was said in a call, in order. Corrections are applied, and what was never said is left out. */
import type { CallState } from './call-state.js';
import { placeOf } from './course-state.js';
import { entriesOf } from './keyed.js';
import type { MessageState } from './message-state.js';

export interface TranscriptEntry {
  readonly role: 'user' | 'bot';
  /** Empty if a reply was cut off and no event gave its words. */
  readonly text: string;
  readonly at: string;
  readonly messageId: string | null;
  /**
   * The number of the first event that spoke of it. It orders the entries and the tools, unless they have an `order`.
   */
  readonly seq: number;
  /** The upstream log's number, in a call that is read from such a log. It orders the call. */
  readonly order?: number;
  /** When it was over, if an event says so. */
  readonly endedAt?: string;
  /**
   * Milliseconds from the end of the caller's speech to the beginning of this entry, or of the turn that ended with it.
   */
  readonly latencyMs?: number;
  /** How sure the recogniser was, 0–1. */
  readonly confidence?: number;
  /** The caller spoke over it. `wordsSpoken`, if known, says how many of its words were heard. */
  readonly interrupted?: true;
  readonly wordsSpoken?: number;
  /** Its text was replaced after it was said. */
  readonly corrected?: true;
  /** The person who spoke in the agent's place. */
  readonly by?: string;
}

export function transcriptOf({ parts, byLog }: Pick<CallState, 'parts' | 'byLog'>): TranscriptEntry[] {
  const isByLog = byLog?.value ?? false;
  const entries = entriesOf(parts).flatMap(([, part]) =>
    part.kind === 'message' && isSaid(part) ? [entryOf(part, isByLog)] : [],
  );
  return entries.sort(inOrder);
}

/** The order of a call's entries and tools. */
export function inOrder(one: Placed, other: Placed): number {
  return (one.order ?? one.seq) - (other.order ?? other.seq) || one.seq - other.seq;
}

export type Placed = Pick<TranscriptEntry, 'seq' | 'order'>;

/** The tenant's number, and the log's in a call that is ordered by the log. */
export function placedAs(
  part: { readonly first: { readonly seq: number }; readonly order?: number },
  byLog: boolean,
): Placed {
  const { seq } = part.first;
  return byLog && part.order !== undefined ? { seq, order: placeOf({ seq, order: part.order }, byLog) } : { seq };
}

/** The final text of a message. */
export function finalText({ corrected, text }: MessageState): string {
  return (corrected ?? text)?.value ?? '';
}

/** False for a message that was never said. */
export function isSaid(message: MessageState): boolean {
  return !message.rejected && !message.replaced && (message.interrupted || finalText(message) !== '');
}

function entryOf(message: MessageState, byLog: boolean): TranscriptEntry {
  const { role, id, first, interrupted, wordsSpoken, by, begun, ended, latency, confidence } = message;
  return {
    role,
    text: finalText(message),
    at: begun?.value ?? first.value,
    messageId: id,
    ...placedAs(message, byLog),
    ...(ended === undefined ? {} : { endedAt: ended.value }),
    ...(latency === undefined ? {} : { latencyMs: latency.value }),
    ...(confidence === undefined ? {} : { confidence: confidence.value }),
    ...(interrupted ? { interrupted } : {}),
    ...(wordsSpoken === null ? {} : { wordsSpoken: wordsSpoken.value }),
    ...(message.corrected ? { corrected: true } : {}),
    ...(by === null ? {} : { by: by.value }),
  };
}
