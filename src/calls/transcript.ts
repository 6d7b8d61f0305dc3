/** What was said in a call, in order: corrections applied, what was never said left out. */
import type { CallState } from './call-state.js';
import type { Correction } from './call-part.js';
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

/** The entry of each message that was said, by the message's key. */
export function entriesByKey({ parts }: Pick<CallState, 'parts'>): Map<string, TranscriptEntry> {
  const messages = new Map<string, MessageState>();
  const corrections: Correction[] = [];
  for (const [key, part] of entriesOf(parts)) {
    if (part.kind === 'message') messages.set(key, part);
    else if (part.kind === 'correction') corrections.push(part);
  }
  const corrected = correctedTexts(messages, corrections);
  const entries = new Map<string, TranscriptEntry>();
  for (const [key, message] of messages) {
    const text = corrected.get(key) ?? message.text?.value ?? '';
    if (message.rejected || (text === '' && !message.interrupted)) continue;
    entries.set(key, entryOf(message, text, corrected.has(key)));
  }
  return entries;
}

export function transcriptOf(state: Pick<CallState, 'parts'>): TranscriptEntry[] {
  return [...entriesByKey(state).values()].sort((one, other) => one.seq - other.seq);
}

function entryOf(message: MessageState, text: string, isCorrected: boolean): TranscriptEntry {
  const { role, id, first, interrupted, wordsSpoken, by } = message;
  return {
    role,
    text,
    at: first.value,
    messageId: id,
    seq: first.seq,
    ...(interrupted ? { interrupted } : {}),
    ...(wordsSpoken === null ? {} : { wordsSpoken: wordsSpoken.value }),
    ...(isCorrected ? { corrected: true } : {}),
    ...(by === null ? {} : { by: by.value }),
  };
}

/** The text that each corrected message has in the end; a correction may supersede one before it. */
function correctedTexts(
  messages: ReadonlyMap<string, MessageState>,
  corrections: readonly Correction[],
): Map<string, string> {
  const texts = new Map<string, string>();
  if (corrections.length === 0) return texts;
  const keyOfSource = new Map<number, string>();
  for (const [key, { sources }] of messages) for (const source of sources) keyOfSource.set(source, key);
  for (const { supersedes, source, messageId, text } of [...corrections].sort((one, other) => one.seq - other.seq)) {
    const byId = `bot ${messageId ?? ''}`;
    const bySource = supersedes === null ? undefined : keyOfSource.get(supersedes);
    const key = bySource ?? (messages.has(byId) ? byId : undefined);
    if (key === undefined) continue;
    texts.set(key, text);
    if (source !== null) keyOfSource.set(source, key);
  }
  return texts;
}
