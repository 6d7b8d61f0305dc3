/** What was said in a call, in order: corrections applied, what was never said left out. */
import type { CallState } from './call-state.js';
import { placeOf } from './course-state.js';
import { entriesOf } from './keyed.js';
import type { MessageState } from './message-state.js';

export interface TranscriptEntry {
  readonly role: 'user' | 'bot';
  /** Empty where a reply was cut off and nobody told its words. */
  readonly text: string;
  readonly at: string;
  readonly messageId: string | null;
  /** The number of the first event that spoke of it: its place among the other entries and the tools, where there is no `order`. */
  readonly seq: number;
  /** Its place in a call that is read from an upstream log: that log's number. */
  readonly order?: number;
  /** When it was over, where somebody says so. */
  readonly endedAt?: string;
  /** Milliseconds from the end of the caller's speech to this one's beginning; or of the turn that ended with it. */
  readonly latencyMs?: number;
  /** How sure the recogniser was, 0–1. */
  readonly confidence?: number;
  /** The caller spoke over it, and how many of its words were heard, if that is known. */
  readonly interrupted?: true;
  readonly wordsSpoken?: number;
  /** Its text was replaced after it was said. */
  readonly corrected?: true;
  /** A person who spoke in the agent's place. */
  readonly by?: string;
}

export function transcriptOf({ parts, byLog }: Pick<CallState, 'parts' | 'byLog'>): TranscriptEntry[] {
  const isByLog = byLog?.value ?? false;
  const entries = entriesOf(parts).flatMap(([, part]) =>
    part.kind === 'message' && isSaid(part) ? [entryOf(part, isByLog)] : [],
  );
  return entries.sort(inOrder);
}

/** How entries and tools of a call stand. */
export function inOrder(one: Placed, other: Placed): number {
  return (one.order ?? one.seq) - (other.order ?? other.seq) || one.seq - other.seq;
}

export type Placed = Pick<TranscriptEntry, 'seq' | 'order'>;

/** Its own number, and the log's in a call that is ordered by it. */
export function placedAs(
  part: { readonly first: { readonly seq: number }; readonly order?: number },
  byLog: boolean,
): Placed {
  const { seq } = part.first;
  return byLog && part.order !== undefined ? { seq, order: placeOf({ seq, order: part.order }, byLog) } : { seq };
}

/** What a message says in the end. */
export function finalText({ corrected, text }: MessageState): string {
  return (corrected ?? text)?.value ?? '';
}

/** False for what was never said. */
export function isSaid(message: MessageState): boolean {
  return !message.rejected && !message.replaced && (message.interrupted || finalText(message) !== '');
}

function entryOf(message: MessageState, byLog: boolean): TranscriptEntry {
  const { role, id, first, interrupted, wordsSpoken, by, begun, ended, latency, confidence } = message;
  return {
    ...{ role, text: finalText(message), at: begun?.value ?? first.value, messageId: id, ...placedAs(message, byLog) },
    ...(ended === undefined ? {} : { endedAt: ended.value }),
    ...(latency === undefined ? {} : { latencyMs: latency.value }),
    ...(confidence === undefined ? {} : { confidence: confidence.value }),
    ...(interrupted ? { interrupted } : {}),
    ...(wordsSpoken === null ? {} : { wordsSpoken: wordsSpoken.value }),
    ...(message.corrected ? { corrected: true } : {}),
    ...(by === null ? {} : { by: by.value }),
  };
}
