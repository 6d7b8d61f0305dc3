/**
 * A call in progress as its row shows it. Its transcript is kept only where somebody looks at it: see call-record.ts.
 */
import { applyEvent, type CallState } from '../../../calls/fold/call-state.js';
import { type CallSummary, summaryOf } from '../../../calls/fold/call-view.js';
import { RULE_FIRED } from '../../../calls/fold/fired-state.js';
import { type LiveState, applyLive, liveStateOf } from '../../../calls/fold/live-state.js';
import { stateOf } from '../../../calls/fold/resume.js';
import { toolParts } from '../../../calls/fold/tool-state.js';
import { atOf, callIdOf, type StreamFrame } from '../stream/frame.js';

export interface LiveCall {
  readonly summary: CallSummary;
  readonly live: LiveState;
  /** The last thing that was said to its end. */
  readonly lastLine: string | null;
  /** A tool has failed since this page is open. */
  readonly hasFailedTool: boolean;
  /** Without its parts: five hundred transcripts would fill the memory of a page that shows one. */
  readonly state: CallState;
  /** When anything last came of it, and when it ended, by this page's clock. */
  readonly heardAtMs: number;
  readonly endedAtMs: number | null;
}

/** As a list answers it, which is complete up to `cursor`. */
export function listedCall(summary: CallSummary, cursor: number, now: number): LiveCall {
  return {
    summary,
    live: liveStateOf(summary.state),
    lastLine: summary.lastLine ?? null,
    hasFailedTool: false,
    state: { ...stateOf(summary, cursor), parts: [] },
    heardAtMs: now,
    endedAtMs: null,
  };
}

/** The call after one more frame, or undefined if the frame adds nothing about a known call. */
export function liveCallAfter(known: LiveCall | undefined, frame: StreamFrame, now: number): LiveCall | undefined {
  const callId = callIdOf(frame);
  if (callId === null) return undefined;
  if (frame.seq === null) return known && { ...known, live: applyLive(known.live, frame), heardAtMs: now };
  const event = { seq: frame.seq, type: frame.type, at: atOf(frame), data: frame.data };
  const state = { ...applyEvent(known?.state, callId, event), parts: [] };
  const next = summaryOf(state);
  const summary = known !== undefined && isSame(known.summary, next) ? known.summary : next;
  return {
    summary,
    live: applyLive(known?.live ?? liveStateOf(summary.state), frame),
    lastLine: summary.lastLine,
    hasFailedTool:
      known?.hasFailedTool === true ||
      toolParts(event).some(({ answer }) => answer !== undefined && answer.error !== null),
    state,
    // A rule says something of the call, in which it may be silent still.
    heardAtMs: frame.type === RULE_FIRED ? (known?.heardAtMs ?? now) : now,
    endedAtMs: summary.state === 'ended' ? (known?.endedAtMs ?? now) : null,
  };
}

/** Rows that show the same need not be rendered again. */
function isSame(one: CallSummary, other: CallSummary): boolean {
  return (Object.keys(other) as (keyof CallSummary)[]).every((key) => one[key] === other[key]);
}
