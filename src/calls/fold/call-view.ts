/** A call as it is shown (docs/calls.md). */
import { courseAt, latenciesIn } from './call-part.js';
import type { Claim } from './claim.js';
import type { CallHead, CallState, Fact, Handoff } from './call-state.js';
import { talkOf } from './course-state.js';
import { takerAt } from './desk-state.js';
import type { FiredRule } from './fired-state.js';
import { entriesOf } from './keyed.js';
import { latencyOf } from './latencies-state.js';
import { type Quality, type WholeQuality, qualityOf, wholeQualityOf } from './quality.js';
import type { ToolState } from './tool-state.js';
import { type TranscriptEntry, inOrder, placedAs, transcriptOf } from './transcript.js';

/** How a call stands. */
export type CallPhase = 'ringing' | 'live' | 'ended';

export interface ToolUse {
  readonly id: string;
  readonly name: string | null;
  readonly at: string;
  /**
   * The number of the first event that spoke of it. It orders the tool among the entries of the transcript, which have
   * such numbers too.
   */
  readonly seq: number;
  readonly order?: number;
  readonly arguments: unknown;
  /** Null until the tool has answered. */
  readonly result: unknown;
  readonly endedAt: string | null;
  readonly error?: unknown;
  readonly ms?: number;
}

export interface CallSummary {
  readonly callId: string;
  readonly agent: string;
  readonly from: string | null;
  readonly to: string | null;
  /** The caller's name, if a chat gives it. */
  readonly name: string | null;
  readonly direction: string | null;
  readonly transport: string | null;
  readonly state: CallPhase;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Seconds. */
  readonly duration: number | null;
  /** Pinecall's own reason, or `lost`: nothing came of the call for so long that it counts as over. */
  readonly reason: string | null;
  /** Present while a person is asked for, or speaks in the agent's place. */
  readonly handoff?: Handoff;
  /** What was said last, shortened; null: nothing was said. */
  readonly lastLine: string | null;
  /** True when a part of the call never reached us (`log.gap`). */
  readonly incomplete: boolean;
  /** Present if the call has more events than are taken in. What was said after that is in the log only. */
  readonly truncated?: true;
  /** Present if there is a recording, for those who may hear it. */
  readonly recording?: true;
  /** Present if live rules have fired: the first firings, the earliest first. The log has all of them. */
  readonly fired?: readonly FiredRule[];
  readonly quality: Quality;
}

export interface CallView extends CallSummary {
  readonly quality: WholeQuality;
  readonly transcript: readonly TranscriptEntry[];
  readonly tools: readonly ToolUse[];
}

export function summaryOf(call: CallHead): CallSummary {
  const fact = (name: Fact) => call.facts[name]?.value ?? null;
  const startedAt = (call.started ?? call.ringing ?? call.first).value;
  const endedAt = call.ended?.value ?? null;
  return {
    callId: call.callId,
    agent: call.agent.value,
    from: fact('from'),
    to: fact('to'),
    name: fact('name'),
    direction: fact('direction'),
    transport: fact('transport'),
    state: phaseOf(call),
    startedAt,
    endedAt,
    duration: endedAt === null ? null : (call.duration?.value ?? secondsBetween(startedAt, endedAt)),
    reason: endedAt === null ? null : (call.reason?.value ?? null),
    ...(call.handoff && call.handoff.value.state !== 'released' && { handoff: handoffOf(call, call.handoff) }),
    lastLine: call.lastLine?.value.text ?? null,
    incomplete: call.incomplete,
    ...(call.truncated && { truncated: true }),
    ...(call.recording?.value.exists && { recording: true }),
    ...(call.fired.length > 0 && { fired: call.fired }),
    quality: qualityOf(call.measures),
  };
}

/** By the name of the person who asked, if that person asked here. */
function handoffOf({ desk }: CallHead, { value, seq }: Claim<Handoff>): Handoff {
  const by = takerAt(desk, seq);
  return by === undefined ? value : { ...value, by };
}

export function viewOf(state: CallState): CallView {
  const byLog = state.byLog?.value ?? false;
  const tools = entriesOf(state.parts).flatMap(([, part]) => (part.kind === 'tool' ? [toolUse(part, byLog)] : []));
  const summary = summaryOf(state);
  const { measures } = measured(state);
  return {
    ...summary,
    quality: wholeQualityOf(measures, lengthsOf(state, summary)),
    transcript: transcriptOf(state),
    tools: tools.sort((one, other) => inOrder(one, other) || (one.id < other.id ? -1 : 1)),
  };
}

/**
 * The call with the sums of its parts, as far as the parts are at hand. They are computed once a batch, not once an
 * event.
 */
export function measured<Call extends CallState>(state: Call): Call {
  const [latencies, course] = [latenciesIn(state.parts), courseAt(state.parts)];
  if (latencies === undefined && course === undefined) return state;
  const latency = latencies === undefined ? state.measures.latency : latencyOf(latencies);
  const talk = course === undefined ? state.measures.talk : talkOf(course);
  return { ...state, measures: { ...state.measures, latency, talk } };
}

/** A call that goes on has no sums yet. */
function lengthsOf({ ringing, started, ended }: CallHead, { duration }: CallSummary) {
  if (ended === null || duration === null) return null;
  const rang = ringing === null ? 0 : Date.parse((started ?? ended).value) - Date.parse(ringing.value);
  // A call that was never answered rang until its end.
  return {
    ringing: Math.max(0, rang),
    talking: ringing !== null && started === null ? 0 : Math.round(duration * 1000),
  };
}

/**
 * The call, which counts as over if nothing has come of it for `maxSilenceMs`. A later event shows it alive again.
 * `now` and the clocks of the events may differ by as much in either direction: a time that is further off is ignored.
 */
export function asLostAfter<Call extends CallSummary>(
  call: Call,
  last: string,
  now: number,
  maxSilenceMs: number,
): Call {
  if (call.state === 'ended' || Math.abs(now - Date.parse(last)) <= maxSilenceMs) return call;
  const duration = secondsBetween(call.startedAt, last);
  return { ...call, state: 'ended', endedAt: last, duration, reason: 'lost' };
}

function phaseOf({ ended, ringing, started, talked }: CallHead): CallPhase {
  if (ended !== null) return 'ended';
  return ringing !== null && started === null && !talked ? 'ringing' : 'live';
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}

function toolUse(tool: ToolState, byLog: boolean): ToolUse {
  const { id, first, call, answer } = tool;
  const { result = null, error = null, ms = null, at = null } = answer?.value ?? {};
  return {
    id,
    name: call?.value.name ?? answer?.value.name ?? null,
    at: first.value,
    ...placedAs(tool, byLog),
    arguments: call?.value.arguments ?? null,
    result,
    endedAt: at,
    ...(error === null ? {} : { error }),
    ...(ms === null ? {} : { ms }),
  };
}
