/**
 * What the events of a call mean to rules: who said what, how long it took, what failed. Pure. Types and fields:
 * docs/rules.md.
 */
import { createHash } from 'node:crypto';
import { idOf, labelOf, numberOf, objectsIn, textOf } from '../calls/fold/value.js';

export interface RuleEvent {
  /** The tenant's number. */
  readonly seq: number;
  readonly type: string;
  readonly agent: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A line of the transcript. */
export interface Said {
  readonly by: 'caller' | 'agent';
  readonly text: string;
  /** Tells a line from its confirmation, which repeats it; null: the event is a line by itself. */
  readonly line: string | null;
}

const CALLER_SAYS = new Set(['user.message', 'whatsapp.message']);
const AGENT_SAYS = new Set(['bot.speaking', 'message.confirmed', 'whatsapp.response', 'supervisor.said']);
const STARTS = new Set(['call.started', 'whatsapp.sessionStarted']);
const ENDS = new Set(['call.ended', 'whatsapp.sessionEnded']);
const CLOSES = new Set([...ENDS, 'call.summary']);
const TOOL_ANSWERS = new Set(['tool.result', 'llm.tool_result']);
const SECOND_MS = 1000;

/** Longer ids are remembered by their hash. */
const MAX_ID = 100;

/** An id, in a form that is short; it is only compared. */
export function idIn(value: unknown): string | null {
  const id = idOf(value);
  return id === null || id.length <= MAX_ID ? id : createHash('sha256').update(id).digest('base64');
}

export function saidIn({ type, data }: RuleEvent): Said | undefined {
  const by = CALLER_SAYS.has(type) ? 'caller' : AGENT_SAYS.has(type) ? 'agent' : undefined;
  if (by === undefined) return undefined;
  const text = textIn(data);
  if (text === '') return undefined;
  const id = idIn(data['messageId']);
  return { by, text, line: id === null ? null : `${by} ${id}` };
}

/** Words with their times may come instead of the text. */
function textIn(data: RuleEvent['data']): string {
  const text = textOf(data['text']) ?? '';
  if (text !== '') return text;
  const words = objectsIn(data['words']).map(({ w, word }) => textOf(w) ?? textOf(word) ?? '');
  return words.filter((word) => word !== '').join(' ');
}

/** Milliseconds from the end of the caller's speech until the agent was heard. */
export function latencyIn({ type, data }: RuleEvent): number | undefined {
  if (type !== 'turn.end' && type !== 'bot.speaking') return undefined;
  const latency = data['latency'];
  const e2e = typeof latency === 'object' && latency !== null ? (latency as { e2e?: unknown }).e2e : undefined;
  const seconds = type === 'turn.end' ? numberOf(e2e) : null;
  const ms = seconds === null ? numberOf(data['latencyMs']) : seconds * SECOND_MS;
  return ms !== null && ms >= 0 ? ms : undefined;
}

/** Names of the tools that an event asks for, by their ids: an answer may leave its name out. */
export function toolsAskedIn({ type, data }: RuleEvent): readonly (readonly [string, string])[] {
  const asked = type === 'tool.call' ? [data] : type === 'llm.toolCall' ? objectsIn(data['toolCalls']) : [];
  return asked.flatMap(({ id, name }) => {
    const [known, called] = [idIn(id), labelOf(name)];
    return known === null || called === null ? [] : [[known, called] as const];
  });
}

/** The id and name of a tool that failed, if the event gives them. */
export function failedToolIn({ type, data }: RuleEvent): { id: string | null; name: string | null } | undefined {
  const { error } = data;
  if (!TOOL_ANSWERS.has(type) || error === undefined || error === null || error === false) return undefined;
  return { id: idIn(data['toolCallId']) ?? idIn(data['id']), name: labelOf(data['name']) };
}

/** Why the call ended; null: the event does not say so. */
export function endIn({ type, data }: RuleEvent): { reason: string | null } | undefined {
  return ENDS.has(type) ? { reason: labelOf(data['reason']) } : undefined;
}

export function handoffIn({ type }: RuleEvent): 'requested' | 'active' | 'released' | undefined {
  if (type === 'handoff.requested') return 'requested';
  if (type === 'handoff.active') return 'active';
  return type === 'handoff.released' ? 'released' : undefined;
}

export function hasFailedScore({ type, data }: RuleEvent): boolean {
  return type === 'call.score' && data['passed'] === false;
}

export function isStart({ type }: RuleEvent): boolean {
  return STARTS.has(type);
}

/** The call is over: nobody is waited for any more. */
export function isOver({ type }: RuleEvent): boolean {
  return CLOSES.has(type);
}

/** Types whose data matters to rules. For all other types only the time counts. */
export const TELLING: ReadonlySet<string> = new Set([
  ...CALLER_SAYS,
  ...AGENT_SAYS,
  ...STARTS,
  ...CLOSES,
  ...TOOL_ANSWERS,
  'turn.start',
  'turn.end',
  'bot.finished',
  'bot.interrupted',
  'tool.call',
  'llm.toolCall',
  'handoff.requested',
  'handoff.active',
  'handoff.released',
  'call.score',
]);
