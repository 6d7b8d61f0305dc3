/**
 * What a `log.gap` says about the time that it leaves out: the lines and tools of its snapshot, as parts. Pure; the
 * snapshot may hold any value.
 */
import type { CallEvent } from './call-event.js';
import { claim } from './claim.js';
import { type MessageState, messageKey } from './message-state.js';
import type { ToolState } from './tool-state.js';
import { idOf, numberOf, objectAt, objectsIn, orderOf, parsed, textOf } from './value.js';

/** Of lines and of tools; a snapshot has no more (sources/pinecall/upstream-gap.ts). */
const MAX_ITEMS = 200;

export function snapshotParts(event: CallEvent): (MessageState | ToolState)[] {
  const { data, seq } = event;
  const snapshot = objectAt(data['snapshot']);
  const resumed = orderOf({ seq: data['resumeFrom'] }) ?? 0;
  const begun = textOf(snapshot['startedAt']) ?? event.at;
  const items = (list: unknown) => objectsIn(list).slice(-MAX_ITEMS);
  const [lines, tools] = [items(snapshot['messages']), items(snapshot['toolCalls'])];
  // They came before the place where the log goes on. Only some of them say where exactly.
  const place = (item: Record<string, unknown>, index: number, of: number) => ({
    first: claim(timeOf(item['at']) ?? begun, 0, seq),
    order: orderOf(item) ?? Math.max(0, resumed - of + index),
  });
  return [
    ...lines.map((line, index) => lineIn(line, `gap ${resumed}.${index}`, place(line, index, lines.length), seq)),
    ...tools.map((tool, index) => toolIn(tool, `gap ${resumed}.${index}`, place(tool, index, tools.length), seq)),
  ];
}

export function snapshotKeys(event: CallEvent): string[] {
  return snapshotParts(event).map((part) =>
    part.kind === 'tool' ? `tool ${part.id}` : messageKey(part.role, part.id, part.first.seq),
  );
}

type Place = Pick<MessageState, 'first' | 'order'>;

function lineIn(line: Record<string, unknown>, name: string, place: Place, seq: number): MessageState {
  const text = textOf(line['text']) ?? '';
  return {
    kind: 'message',
    role: line['role'] === 'user' ? 'user' : 'bot',
    id: idOf(line['messageId']) ?? name,
    ...place,
    text: text === '' ? null : claim(text, 0, seq),
    by: null,
    interrupted: false,
    wordsSpoken: null,
    rejected: false,
    corrected: null,
  };
}

function toolIn(tool: Record<string, unknown>, name: string, place: Place, seq: number): ToolState {
  const [result, error, ms] = [tool['result'], tool['error'] ?? null, numberOf(tool['ms'])];
  const hasAnswered = result !== undefined || error !== null;
  const called = textOf(tool['name']);
  const answer = { name: called, at: place.first.value, result: parsed(result), error, ms };
  return {
    kind: 'tool',
    id: idOf(tool['id']) ?? name,
    ...place,
    call: claim({ name: called, arguments: parsed(tool['args']) }, 0, seq),
    answer: hasAnswered ? claim(answer, 0, seq) : null,
  };
}

function timeOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text === null || Number.isNaN(Date.parse(text)) ? undefined : text;
}
