/** A call to go on from: what a server answered of it (docs/calls.md), as the state for later events. Pure. */
import { type Part, keyOfPart } from './call-part.js';
import type { CallState, Fact } from './call-state.js';
import type { CallSummary, CallView, ToolUse } from './call-view.js';
import { type Claim, claim } from './claim.js';
import { type Keyed, valueAt, withValue } from './keyed.js';
import type { TranscriptEntry } from './transcript.js';

/** Ranks that an answer's words count as: a later event of the same weight changes them, one of less does not. */
const [FACT_RANK, END_RANK, TEXT_RANK] = [1, 2, 3];
const FACTS = ['from', 'to', 'name', 'direction', 'transport'] as const;

/**
 * `seq` is the answer's `cursor`: events up to it are in the answer, later ones go on from here. A summary has no transcript yet. A
 * call that was lost is alive again with the next event. What is corrected after this is found by its message's id.
 */
export function stateOf(call: CallSummary & Partial<Pick<CallView, 'transcript' | 'tools'>>, seq: number): CallState {
  const { callId, agent, state, startedAt, endedAt, reason, duration, transcript = [], tools = [] } = call;
  const isRinging = state === 'ringing';
  const hasEnded = state === 'ended' && reason !== 'lost' && endedAt !== null;
  const facts: Partial<Record<Fact, Claim<string>>> = {};
  for (const fact of FACTS) {
    const value = call[fact];
    if (value !== null) facts[fact] = claim(value, FACT_RANK, seq);
  }
  return {
    ...{
      callId,
      agent: claim(agent, 0, 0),
      facts,
      first: claim(startedAt, 0, 0),
      last: claim(endedAt ?? startedAt, 0, seq),
    },
    ringing: isRinging ? claim(startedAt, 0, 0) : null,
    started: isRinging ? null : claim(startedAt, 0, 0),
    ended: hasEnded ? claim(endedAt, END_RANK, seq) : null,
    reason: hasEnded && reason !== null ? claim(reason, END_RANK, seq) : null,
    duration: hasEnded && duration !== null ? claim(duration, END_RANK, seq) : null,
    handoff: call.handoff === undefined ? null : claim(call.handoff, 0, seq),
    ...{ talked: transcript.length > 0, incomplete: call.incomplete, events: 0, truncated: call.truncated ?? false },
    parts: withParts([], { transcript, tools }, seq),
  };
}

/** With an earlier page of the same call; what is known already stays as it is. */
export function withEarlier(call: CallState, page: Said, seq: number): CallState {
  return { ...call, parts: withParts(call.parts, page, seq) };
}

type Said = Pick<CallView, 'transcript' | 'tools'>;

function withParts(known: Keyed<Part>, { transcript, tools }: Said, seq: number): Keyed<Part> {
  const parts = [...transcript.map((entry) => messageOf(entry, seq)), ...tools.map((tool) => toolOf(tool, seq))];
  return parts.reduce((all, part) => {
    const key = keyOfPart(part);
    return valueAt(all, key) === undefined ? withValue(all, key, part) : all;
  }, known);
}

function messageOf(entry: TranscriptEntry, seq: number): Part {
  const { role, text, at, messageId, interrupted, wordsSpoken, by, corrected } = entry;
  return {
    ...{ kind: 'message', role, id: messageId, first: claim(at, 0, entry.seq) },
    text: text === '' ? null : claim(text, TEXT_RANK, seq),
    by: by === undefined ? null : claim(by, 0, seq),
    wordsSpoken: wordsSpoken === undefined ? null : claim(wordsSpoken, 0, seq),
    ...{ interrupted: interrupted ?? false, rejected: false },
    corrected: corrected ? claim(text, 0, seq) : null,
  };
}

function toolOf(tool: ToolUse, seq: number): Part {
  const { id, name, at, arguments: args, result, endedAt, error = null, ms = null } = tool;
  return {
    ...{ kind: 'tool', id, first: claim(at, 0, tool.seq), call: claim({ name, arguments: args }, 0, seq) },
    answer: endedAt === null ? null : claim({ name, at: endedAt, result, error, ms }, 0, seq),
  };
}
