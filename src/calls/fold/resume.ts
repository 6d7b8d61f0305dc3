/** Makes a call's state from a server's answer (docs/calls.md), so that later events can be applied to it. Pure. */
import { type Bill, NO_BILLS } from './bill.js';
import { type Part, keyOfPart } from './call-part.js';
import type { CallState, Fact } from './call-state.js';
import type { CallSummary, CallView, ToolUse } from './call-view.js';
import { type Claim, claim } from './claim.js';
import { COURSE, type CourseState, type Line, NO_COURSE, digestOf } from './course-state.js';
import { type Keyed, valueAt, withValue } from './keyed.js';
import { LATENCIES, type LatenciesState, withLatency } from './latencies-state.js';
import { messageKey } from './message-state.js';
import { type Measures, NOTHING_MEASURED, type Quality, type WholeQuality } from './quality.js';
import type { TranscriptEntry } from './transcript.js';

/** Ranks of the values of an answer: a later event of the same weight changes them, one of less weight does not. */
const [FACT_RANK, END_RANK, TEXT_RANK, PIECES_RANK] = [1, 2, 3, 1];
/** The last lines that may still be continued. */
const OPEN_LINES = 16;
const FACTS = ['from', 'to', 'name', 'direction', 'transport'] as const;

/** `cost`: in an answer to the operator. */
type Answered = CallSummary & Partial<Pick<CallView, 'transcript' | 'tools'>> & { readonly cost?: Bill | null };

/**
 * `seq` is the answer's `cursor`: events up to it are in the answer, later ones are applied to this state. A summary
 * has no transcript yet. A call that was lost is alive again with the next event. Later corrections find a message by
 * its id.
 */
export function stateOf(call: Answered, seq: number): CallState {
  const { callId, agent, state, startedAt, endedAt, reason, duration, transcript = [], tools = [] } = call;
  const isRinging = state === 'ringing';
  const hasEnded = state === 'ended' && reason !== 'lost' && endedAt !== null;
  const facts: Partial<Record<Fact, Claim<string>>> = {};
  for (const fact of FACTS) {
    const value = call[fact];
    if (value !== null) facts[fact] = claim(value, FACT_RANK, seq);
  }
  return {
    callId,
    agent: claim(agent, 0, 0),
    facts,
    first: claim(startedAt, 0, 0),
    last: claim(endedAt ?? startedAt, 0, seq),
    byLog: isPlaced(transcript, tools) === null ? null : claim(isPlaced(transcript, tools) ?? false, 0, 0),
    measures: measuresOf(call, seq),
    ringing: isRinging ? claim(startedAt, 0, 0) : rangBefore(startedAt, call.quality),
    started: isRinging ? null : claim(startedAt, 0, 0),
    ended: hasEnded ? claim(endedAt, END_RANK, seq) : null,
    reason: hasEnded && reason !== null ? claim(reason, END_RANK, seq) : null,
    duration: hasEnded && duration !== null ? claim(duration, END_RANK, seq) : null,
    handoff: call.handoff === undefined ? null : claim(call.handoff, 0, seq),
    lastLine: lastLineOf(call, seq),
    desk: [],
    recording: call.recording ? claim({ exists: true, url: null }, 0, seq) : null,
    talked: transcript.length > 0,
    incomplete: call.incomplete,
    events: 0,
    truncated: call.truncated ?? false,
    fired: call.fired ?? [],
    parts: withCourse(withParts([], { transcript, tools }, seq), call, transcript),
  };
}

function isPlaced(...lists: readonly (readonly { order?: number }[])[]): boolean | null {
  const all = lists.flat();
  return all.length === 0 ? null : all.some(({ order }) => order !== undefined);
}

function rangBefore(startedAt: string, { parts }: Quality & Partial<WholeQuality>): Claim<string> | null {
  if (!parts || parts.ringing === 0) return null;
  return claim(new Date(Date.parse(startedAt) - parts.ringing).toISOString(), 0, 0);
}

/** Of a list's row nobody knows which message it was. */
function lastLineOf({ lastLine, transcript }: Answered, seq: number): CallState['lastLine'] {
  const last = transcript?.at(-1);
  if (!lastLine) return null;
  const key = last === undefined ? '' : messageKey(last.role, last.messageId, last.seq);
  return claim({ key, text: lastLine }, 0, seq);
}

function measuresOf(
  { quality, handoff, cost = null }: Answered & { quality: Quality & Partial<WholeQuality> },
  seq: number,
): Measures {
  const { latency, tools, interruptions, language = null, score, parts } = quality;
  return {
    ...NOTHING_MEASURED,
    tally: { tools: tools.calls, failed: tools.failed, interruptions },
    summarised: latency === null ? null : claim(latency, 0, seq),
    talk: parts ? { caller: parts.caller, agent: parts.agent, tools: parts.tools } : null,
    language: language === null ? null : claim(language, 0, seq),
    score: score && claim(score, 1, seq),
    escalated: handoff !== undefined,
    bills: cost === null ? NO_BILLS : { call: claim(cost, 0, seq), judging: [] },
  };
}

/**
 * What the answer says of the last lines, and how long turns took. Who spoke for how long before is known only as the
 * answer says it.
 */
function withCourse(parts: Keyed<Part>, { quality }: CallSummary, transcript: readonly TranscriptEntry[]): Keyed<Part> {
  if (transcript.length === 0) return parts;
  const { parts: times } = quality as Quality & Partial<WholeQuality>;
  const talk = times && { caller: times.caller, agent: times.agent, tools: times.tools };
  const lines = transcript.slice(-OPEN_LINES).map(lineOf);
  const course: CourseState = { ...NO_COURSE, lines, resumed: true, ...(talk && { past: talk }) };
  let latencies: LatenciesState | undefined;
  for (const { role, messageId, seq, latencyMs } of transcript)
    if (latencyMs !== undefined) latencies = withLatency(latencies, messageKey(role, messageId, seq), latencyMs);
  const next = withValue(parts, COURSE, course);
  return latencies === undefined ? next : withValue(next, LATENCIES, latencies);
}

function lineOf({ role, messageId, seq, order, at, text, by }: TranscriptEntry): Line {
  return {
    key: messageKey(role, messageId, seq),
    side: role,
    seq,
    order: order ?? null,
    at: Date.parse(at),
    ...(messageId === null && by === undefined && { digest: digestOf(text) }),
    ...(by !== undefined && { byPerson: true }),
  };
}

/** The call with an earlier page of it. What is known already stays as it is. */
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
  // A reply that was not confirmed or corrected may go on: its text is its pieces so far.
  const mayGoOn = role === 'bot' && text !== '' && !corrected && by === undefined;
  return {
    kind: 'message',
    role,
    id: messageId,
    first: claim(at, 0, entry.seq),
    text: text === '' ? null : claim(text, mayGoOn ? PIECES_RANK : TEXT_RANK, seq),
    by: by === undefined ? null : claim(by, 0, seq),
    wordsSpoken: wordsSpoken === undefined ? null : claim(wordsSpoken, 0, seq),
    interrupted: interrupted ?? false,
    rejected: false,
    corrected: corrected ? claim(text, 0, seq) : null,
    ...(entry.order !== undefined && { order: entry.order }),
    ...(entry.endedAt !== undefined && { ended: claim(entry.endedAt, 0, seq) }),
    ...(entry.latencyMs !== undefined && { latency: claim(entry.latencyMs, 0, seq) }),
    ...(entry.confidence !== undefined && { confidence: claim(entry.confidence, 0, seq) }),
    ...(mayGoOn && { pieces: { text, last: [] } }),
  };
}

function toolOf(tool: ToolUse, seq: number): Part {
  const { id, name, at, arguments: args, result, endedAt, error = null, ms = null } = tool;
  return {
    kind: 'tool',
    id,
    ...(tool.order !== undefined && { order: tool.order }),
    first: claim(at, 0, tool.seq),
    call: claim({ name, arguments: args }, 0, seq),
    answer: endedAt === null ? null : claim({ name, at: endedAt, result, error, ms }, 0, seq),
  };
}
