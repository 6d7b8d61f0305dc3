/** A tool that the agent used in a call. One event asks for it and another one answers, in any order. */
import type { CallEvent } from './call-event.js';
import { type Claim, better, claim, earlier } from './claim.js';
import { idOf, numberOf, objectsIn, orderOf, parsed, textOf } from './value.js';

interface ToolCall {
  readonly name: string | null;
  readonly arguments: unknown;
}

interface ToolAnswer {
  readonly name: string | null;
  readonly at: string;
  readonly result: unknown;
  readonly error: unknown;
  readonly ms: number | null;
}

export interface ToolState {
  readonly kind: 'tool';
  readonly id: string;
  /** When the first event spoke of it: its place in the call. */
  readonly first: Claim<string>;
  readonly call: Claim<ToolCall> | null;
  readonly answer: Claim<ToolAnswer> | null;
  /** The upstream log's number of the first event that spoke of it, if it has one. */
  readonly order?: number;
}

/** Most tools that one event asks for; each is a part of its own. Agents ask for a handful. */
const MAX_TOOLS = 16;

/** What an event says of one tool. */
export interface ToolPart {
  readonly id: string;
  readonly call?: ToolCall;
  readonly answer?: ToolAnswer;
}

/** The tools that an event speaks of: wire B asks for several at once. */
export function toolParts({ type, seq, at, data }: CallEvent): readonly ToolPart[] {
  if (type === 'llm.toolCall')
    return objectsIn(data['toolCalls'])
      .slice(0, MAX_TOOLS)
      .map((one, index) => asked(one, 'arguments', seq, index));
  if (type === 'tool.call') return [asked(data, 'args', seq, 0)];
  if (type !== 'tool.result' && type !== 'llm.tool_result') return [];
  const { result, error } = data;
  const said = { result: parsed(result), error: error ?? null, ms: numberOf(data['ms']) };
  const id = idOf(data['toolCallId']) ?? idOf(data['id']) ?? `#${seq}`;
  return [{ id, answer: { name: textOf(data['name']), at, ...said } }];
}

function asked(call: Readonly<Record<string, unknown>>, args: string, seq: number, index: number): ToolPart {
  const id = idOf(call['id']) ?? `#${seq}${index === 0 ? '' : `.${index}`}`;
  return { id, call: { name: textOf(call['name']), arguments: parsed(call[args]) } };
}

/** The tool after one more event that speaks of it. */
export function toolAfter(known: ToolState | undefined, part: ToolPart, { seq, at, data }: CallEvent): ToolState {
  const said = orderOf(data);
  const order = said === null ? known?.order : Math.min(said, known?.order ?? said);
  return {
    ...(order !== undefined && { order }),
    kind: 'tool',
    id: part.id,
    first: earlier(known?.first ?? null, claim(at, 0, seq)),
    call: better(known?.call ?? null, part.call ? claim(part.call, 0, seq) : null),
    answer: better(known?.answer ?? null, part.answer ? claim(part.answer, 0, seq) : null),
  };
}
