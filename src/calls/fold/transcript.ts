/** What was said in a call, in order: corrections applied, what was never said left out. */
import type { CallState } from './call-state.js';
import { entriesOf } from './keyed.js';
import type { MessageState } from './message-state.js';

export interface TranscriptEntry {
  readonly role: 'user' | 'bot';
  /** Empty where a reply was cut off and nobody told its words. */
  readonly text: string;
  readonly at: string;
  readonly messageId: string | null;
  /** The number of the first event that spoke of it: its place among the other entries and the tools. */
  readonly seq: number;
  /** The caller spoke over it, and how many of its words were heard, if that is known. */
  readonly interrupted?: true;
  readonly wordsSpoken?: number;
  /** Its text was replaced after it was said. */
  readonly corrected?: true;
  /** A person who spoke in the agent's place. */
  readonly by?: string;
}

export function transcriptOf({ parts }: Pick<CallState, 'parts'>): TranscriptEntry[] {
  const entries = entriesOf(parts).flatMap(([, part]) =>
    part.kind === 'message' && isSaid(part) ? [entryOf(part)] : [],
  );
  return entries.sort((one, other) => one.seq - other.seq);
}

/** What a message says in the end. */
export function finalText({ corrected, text }: MessageState): string {
  return (corrected ?? text)?.value ?? '';
}

/** False for what was never said. */
export function isSaid(message: MessageState): boolean {
  return !message.rejected && (message.interrupted || finalText(message) !== '');
}

function entryOf(message: MessageState): TranscriptEntry {
  const { role, id, first, interrupted, wordsSpoken, by } = message;
  return {
    ...{ role, text: finalText(message), at: first.value, messageId: id, seq: first.seq },
    ...(interrupted ? { interrupted } : {}),
    ...(wordsSpoken === null ? {} : { wordsSpoken: wordsSpoken.value }),
    ...(message.corrected ? { corrected: true } : {}),
    ...(by === null ? {} : { by: by.value }),
  };
}
