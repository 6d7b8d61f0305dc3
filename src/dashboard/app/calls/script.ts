/**
 * A call as one column: what was said and which tools ran, in order, with what is being said at this moment at its end.
 * Pure.
 */
import type { CallView, ToolUse } from '../../../calls/fold/call-view.js';
import type { LiveState } from '../../../calls/fold/live-state.js';
import { type Placed, type TranscriptEntry, inOrder } from '../../../calls/fold/transcript.js';

export type ScriptLine =
  /** `spokenUntil`: how much of a reply's text has been spoken so far; null: all of it. */
  | {
      readonly kind: 'said';
      readonly key: string;
      readonly entry: TranscriptEntry;
      readonly spokenUntil: number | null;
    }
  | { readonly kind: 'tool'; readonly key: string; readonly tool: ToolUse }
  /** Said at this moment; its words grow. */
  | { readonly kind: 'saying'; readonly key: string; readonly role: 'user' | 'bot'; readonly text: string };

export function scriptOf(
  { transcript, tools }: Pick<CallView, 'transcript' | 'tools'>,
  live: LiveState | null,
): ScriptLine[] {
  const lines: { place: Placed; line: ScriptLine }[] = [
    ...transcript.map((entry) => ({ place: entry, line: saidLine(entry, live) })),
    ...tools.map((tool) => ({ place: tool, line: { kind: 'tool' as const, key: keyOfTool(tool), tool } })),
  ];
  const script = lines.sort((one, other) => inOrder(one.place, other.place)).map(({ line }) => line);
  return live === null ? script : [...script, ...sayingLines(transcript, live)];
}

/** The key of an entry's line. */
export function keyOfEntry({ role, messageId, seq }: Pick<TranscriptEntry, 'role' | 'messageId' | 'seq'>): string {
  return `${role} ${messageId ?? seq}`;
}

/** The key of a tool's line. */
export function keyOfTool({ id }: Pick<ToolUse, 'id'>): string {
  return `tool ${id}`;
}

function saidLine(entry: TranscriptEntry, live: LiveState | null): ScriptLine {
  const { role, messageId, text, interrupted, wordsSpoken } = entry;
  const key = keyOfEntry(entry);
  const reply = live?.reply;
  const isNow = role === 'bot' && reply?.messageId === messageId && live?.turn === 'speaking';
  const words = isNow ? reply?.words : interrupted ? wordsSpoken : undefined;
  return { kind: 'said', key, entry, spokenUntil: words === undefined ? null : endOfWord(text, words) };
}

function sayingLines(transcript: CallView['transcript'], { reply, hearing, turn }: LiveState): ScriptLine[] {
  const lines: ScriptLine[] = [];
  const isWritten = transcript.some(({ messageId }) => messageId !== null && messageId === reply?.messageId);
  if (reply && !isWritten && (reply.spoken !== '' || turn === 'speaking'))
    lines.push({ kind: 'saying', key: `bot ${reply.messageId}`, role: 'bot', text: reply.spoken });
  if (hearing && hearing.text !== '')
    lines.push({ kind: 'saying', key: `user ${hearing.messageId}`, role: 'user', text: hearing.text });
  return lines;
}

/** Where the first words of a text end. */
export function endOfWord(text: string, words: number): number {
  let end = 0;
  let count = 0;
  for (const match of text.matchAll(/\S+/g)) {
    if (count === words) break;
    count += 1;
    end = match.index + match[0].length;
  }
  return end;
}
