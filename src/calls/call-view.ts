/** A call as it is shown (api.md): its transcript in order, corrections applied, what was never said left out. */
import type { CallState, Correction } from './call-state.js';
import type { MessageState } from './message-state.js';

/** How a call stands; `lost`: nothing came of it for so long that it counts as over. */
export type CallPhase = 'ringing' | 'live' | 'ended';

export interface TranscriptEntry {
  readonly role: 'user' | 'bot';
  readonly text: string;
  readonly at: string;
  readonly messageId: string | null;
  /** The caller spoke over it. */
  readonly interrupted?: true;
  /** A person who spoke in the agent's place. */
  readonly by?: string;
}

export interface ToolUse {
  readonly id: string;
  readonly name: string | null;
  readonly at: string;
  readonly arguments: unknown;
  readonly result: unknown;
  readonly error?: unknown;
  readonly ms?: number;
}

export interface CallSummary {
  readonly callId: string;
  readonly agent: string;
  readonly from: string | null;
  readonly to: string | null;
  /** The caller's name, where a chat says it. */
  readonly name: string | null;
  readonly direction: string | null;
  readonly transport: string | null;
  readonly state: CallPhase;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Seconds. */
  readonly duration: number | null;
  /** Pinecall's own, or `lost`. */
  readonly reason: string | null;
}

export interface CallView extends CallSummary {
  readonly transcript: readonly TranscriptEntry[];
  readonly tools: readonly ToolUse[];
  /** True when something of the call never reached us (`log.gap`). */
  readonly incomplete: boolean;
}

export function summaryOf(state: CallState): CallSummary {
  const { facts, end } = state;
  const fact = (name: string) => facts[name]?.value ?? null;
  const startedAt = (state.started ?? state.ringing ?? state.first).value;
  const lasted = end === null ? null : (Date.parse(end.value.at) - Date.parse(startedAt)) / 1000;
  return {
    ...{ callId: state.callId, agent: state.agent.value, from: fact('from'), to: fact('to'), name: fact('name') },
    ...{ direction: fact('direction'), transport: fact('transport'), state: phaseOf(state), startedAt },
    endedAt: end?.value.at ?? null,
    duration: end?.value.duration ?? (lasted === null ? null : Math.max(0, lasted)),
    reason: end?.value.reason ?? null,
  };
}

export function viewOf(state: CallState): CallView {
  const tools = Object.values(state.tools).sort((one, other) => one.seq - other.seq);
  return {
    ...summaryOf(state),
    transcript: transcriptOf(state),
    tools: tools.map(({ id, name, at, arguments: args, result, error, ms }) => ({
      ...{ id, name, at, arguments: args, result },
      ...(error === null ? {} : { error }),
      ...(ms === null ? {} : { ms }),
    })),
    incomplete: state.incomplete,
  };
}

function phaseOf({ end, ringing, started, messages }: CallState): CallPhase {
  if (end !== null) return 'ended';
  return ringing !== null && started === null && Object.keys(messages).length === 0 ? 'ringing' : 'live';
}

function transcriptOf({ messages, corrections }: CallState): TranscriptEntry[] {
  const corrected = applyCorrections(messages, Object.values(corrections));
  return Object.entries(messages)
    .map(([key, message]) => ({ message, text: corrected.get(key) ?? message.text?.value ?? '' }))
    .filter(({ message, text }) => text !== '' && !message.rejected)
    .sort((one, other) => one.message.seq - other.message.seq)
    .map(({ message: { role, at, id, interrupted, by }, text }) => ({
      ...{ role, text, at, messageId: id },
      ...(interrupted ? { interrupted } : {}),
      ...(by === null ? {} : { by }),
    }));
}

/** The text that each corrected message has in the end; a correction may supersede one before it. */
function applyCorrections(
  messages: Readonly<Record<string, MessageState>>,
  corrections: readonly Correction[],
): Map<string, string> {
  const keyOfSource = new Map<number, string>();
  for (const [key, { sources }] of Object.entries(messages)) for (const source of sources) keyOfSource.set(source, key);
  const texts = new Map<string, string>();
  for (const { supersedes, source, messageId, text } of [...corrections].sort((one, other) => one.seq - other.seq)) {
    const byId = `bot ${messageId ?? ''}`;
    const key =
      (supersedes === null ? undefined : keyOfSource.get(supersedes)) ?? (byId in messages ? byId : undefined);
    if (key === undefined) continue;
    texts.set(key, text);
    if (source !== null) keyOfSource.set(source, key);
  }
  return texts;
}
