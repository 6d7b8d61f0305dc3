/** A tool that the agent used in a call: asked by one event, answered by another, in any order. */
import type { CallEvent } from './call-event.js';
import { numberOf, parsed, textOf } from './claim.js';

export interface ToolState {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly name: string | null;
  readonly arguments: unknown;
  readonly result: unknown;
  readonly error: unknown;
  readonly ms: number | null;
  readonly endedAt: string | null;
}

export type Tools = Readonly<Record<string, ToolState>>;

type ToolPart = Partial<ToolState> & Pick<ToolState, 'id'>;

export function toolCalled({ seq }: CallEvent, call: Readonly<Record<string, unknown>>, args: string): ToolPart {
  return { id: textOf(call['id']) ?? `#${seq}`, name: textOf(call['name']), arguments: parsed(call[args]) };
}

export function toolAnswered(tools: Tools, event: CallEvent): Tools {
  const { data, at, seq } = event;
  const id = textOf(data['toolCallId']) ?? textOf(data['id']) ?? `#${seq}`;
  const answer = { result: parsed(data['result']), error: data['error'] ?? null, ms: numberOf(data['ms']) };
  return withTools(tools, event, [{ id, name: textOf(data['name']), ...answer, endedAt: at }]);
}

export function withTools(before: Tools, { seq, at }: CallEvent, parts: readonly ToolPart[]): Tools {
  const tools = { ...before };
  for (const part of parts) {
    const known = tools[part.id];
    const isFirst = known === undefined || seq < known.seq;
    tools[part.id] = {
      ...{ id: part.id, seq: isFirst ? seq : known.seq, at: isFirst ? at : known.at },
      name: part.name ?? known?.name ?? null,
      arguments: part.arguments ?? known?.arguments ?? null,
      result: part.result ?? known?.result ?? null,
      error: part.error ?? known?.error ?? null,
      ms: part.ms ?? known?.ms ?? null,
      endedAt: part.endedAt ?? known?.endedAt ?? null,
    };
  }
  return tools;
}
