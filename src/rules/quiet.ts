/**
 * Since when nobody has been heard in a call, or one side has not: "silence" counts from there. Pure. It uses durable
 * events only, so that live evaluation and backtests agree (docs/rules.md, "Time").
 */
import type { Side } from './condition.js';
import { excerpt } from './firing.js';
import { type RuleEvent, handoffIn, idIn, isOver, isStart, saidIn } from './signals.js';

/** Events that are on their way are waited for this long before a silence is declared; see live-rules.ts, `planAt`. */
export const GRACE_MS = 200;

/** Where a silence began. */
export interface Quiet {
  /** Milliseconds since 1970, in the events' own time. */
  readonly since: number;
  /** The event after which nothing was heard. */
  readonly event: number;
  readonly agent: string;
  /** An excerpt of what was said. */
  readonly text: string | undefined;
}

export type Silences = Readonly<Record<Side, Quiet | null>>;

export interface Hearing {
  readonly silences: Silences;
  /** The message that the agent is saying; null: none. */
  readonly speaking: string | null;
  /** The message that it said last, to tell its confirmation from another line. */
  readonly spoken: string | null;
  /** A person speaks in the agent's place. */
  readonly isHandedOver: boolean;
  readonly isOver: boolean;
}

const NOBODY: Silences = { caller: null, agent: null, anybody: null };
export const NOTHING_HEARD: Hearing = {
  silences: NOBODY,
  speaking: null,
  spoken: null,
  isHandedOver: false,
  isOver: false,
};
/** If the end of a speech never came, it counts as ended after this time. */
const LONGEST_SPEECH_MS = 120_000;

/** The state after one more event. It is the same object if nothing has changed. */
export function heard(before: Hearing, event: RuleEvent, at: number): Hearing {
  if (before.isOver) return before;
  if (isOver(event)) return { ...before, silences: NOBODY, speaking: null, isOver: true };
  const handoff = handoffIn(event);
  if (handoff !== undefined) return handedOver(before, handoff);
  const said = saidIn(event);
  const text = said && excerpt(said.text, 0);
  const quiet: Quiet = { since: at, event: event.seq, agent: event.agent, text };
  if (isStart(event)) return { ...before, silences: { caller: null, agent: ofAgent(before, quiet), anybody: quiet } };
  if (isCaller(event))
    return { ...before, speaking: null, silences: { caller: null, agent: ofAgent(before, quiet), anybody: quiet } };
  return ofAgentSpeech(before, event, quiet);
}

function ofAgentSpeech(before: Hearing, event: RuleEvent, quiet: Quiet): Hearing {
  const id = idIn(event.data['messageId']);
  const after = { caller: quiet, agent: null, anybody: quiet };
  if (event.type === 'bot.speaking' && id !== null && event.data['transport'] !== 'chat') {
    const longest = { ...quiet, since: quiet.since + LONGEST_SPEECH_MS };
    return { ...before, speaking: id, spoken: id, silences: { ...after, caller: longest, anybody: longest } };
  }
  if (event.type === 'message.confirmed' && id !== null && id === before.spoken) return before;
  return isAgent(event) ? { ...before, speaking: null, silences: after } : before;
}

function handedOver(before: Hearing, handoff: 'requested' | 'active' | 'released'): Hearing {
  if (handoff === 'requested') return before;
  const isHandedOver = handoff === 'active';
  return { ...before, isHandedOver, silences: isHandedOver ? { ...before.silences, agent: null } : before.silences };
}

/** While a person speaks in its place, nobody waits for the agent. */
function ofAgent({ isHandedOver }: Hearing, quiet: Quiet): Quiet | null {
  return isHandedOver ? null : quiet;
}

function isCaller({ type, data }: RuleEvent): boolean {
  if (type === 'turn.start') return data['role'] === 'user';
  return type === 'user.message' || type === 'whatsapp.message';
}

const AGENT_TYPES = new Set(['bot.speaking', 'bot.finished', 'bot.interrupted', 'message.confirmed', 'whatsapp.response', 'supervisor.said']); // prettier-ignore
function isAgent({ type }: RuleEvent): boolean {
  return AGENT_TYPES.has(type);
}
