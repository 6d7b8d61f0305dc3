/**
 * A call as items on one axis of time: turns, tools, and silences that somebody would notice. Pure. What was not
 * measured is null: an item whose length nobody says is a moment, and no silence is told beside it.
 */
import type { CallView, ToolUse } from '../../../../calls/fold/call-view.js';
import type { TranscriptEntry } from '../../../../calls/fold/transcript.js';
import { keyOfEntry, keyOfTool } from '../script.js';

export type Lane = 'caller' | 'agent' | 'tool' | 'silence';
export const LANES: readonly Lane[] = ['caller', 'agent', 'tool', 'silence'];

/** Times are seconds into the call. */
export interface TraceItem {
  /** The line of the transcript that it is, or that follows it; null: a silence before the end. */
  readonly line: string | null;
  readonly lane: Lane;
  /** Where it stands on the axis. */
  readonly at: number;
  readonly from: number | null;
  readonly until: number | null;
  /** A text, a tool's name; null for a silence, or a tool without a name. */
  readonly text: string | null;
  /** The person who spoke in the agent's place. */
  readonly by: string | null;
  readonly latencyMs: number | null;
  /** Of a tool, as it says itself. */
  readonly toolMs: number | null;
  readonly confidence: number | null;
  readonly isSlow: boolean;
  readonly hasFailed: boolean;
  readonly isInterrupted: boolean;
  readonly isRunning: boolean;
}

/** A caller notices it: the flag `slow` of the lists begins there, too. */
export const SLOW_MS = 2000;
/** Shorter pauses belong to speaking. */
const SILENCE_SECONDS = 2;

/** In order of time. `length`: of the call, if it is over. */
export function itemsOf(
  view: Pick<CallView, 'startedAt' | 'transcript' | 'tools'>,
  length: number | null,
): TraceItem[] {
  const startMs = Date.parse(view.startedAt);
  const secondsAt = (iso: string | null | undefined) =>
    iso == null || Number.isNaN(Date.parse(iso)) ? null : Math.max(0, (Date.parse(iso) - startMs) / 1000);
  const items = [
    ...view.transcript.map((entry) => turnOf(entry, secondsAt)),
    ...view.tools.map((tool) => useOf(tool, secondsAt)),
  ];
  items.sort((one, other) => one.at - other.at);
  return withSilences(items, length);
}

type SecondsAt = (iso: string | null | undefined) => number | null;

const NOTHING = {
  by: null,
  latencyMs: null,
  toolMs: null,
  confidence: null,
  isSlow: false,
  hasFailed: false,
  isInterrupted: false,
  isRunning: false,
};

/** Where only one time is known, a caller's line has come to its end then, and an agent's begins. */
function turnOf(entry: TranscriptEntry, secondsAt: SecondsAt): TraceItem {
  const { role, text, by = null, latencyMs = null, confidence = null, interrupted } = entry;
  const [at, end] = [secondsAt(entry.at) ?? 0, secondsAt(entry.endedAt)];
  const isWhole = end !== null && end >= at;
  const isCaller = role === 'user';
  return {
    ...NOTHING,
    line: keyOfEntry(entry),
    lane: isCaller ? 'caller' : 'agent',
    at,
    text,
    by,
    latencyMs,
    confidence,
    from: isCaller && !isWhole ? null : at,
    until: isWhole ? end : isCaller ? at : null,
    isSlow: latencyMs !== null && latencyMs >= SLOW_MS,
    isInterrupted: interrupted ?? false,
  };
}

function useOf(tool: ToolUse, secondsAt: SecondsAt): TraceItem {
  const at = secondsAt(tool.at) ?? 0;
  const end = secondsAt(tool.endedAt);
  return {
    ...NOTHING,
    line: keyOfTool(tool),
    lane: 'tool',
    at,
    from: at,
    text: tool.name,
    until: end === null ? null : Math.max(at, end),
    toolMs: tool.ms ?? null,
    hasFailed: tool.error !== undefined,
    isRunning: tool.endedAt === null,
  };
}

/** A silence reaches from the end of what came before to a known beginning. */
function withSilences(items: readonly TraceItem[], length: number | null): TraceItem[] {
  const all: TraceItem[] = [];
  let reached: number | null = 0;
  const pause = (until: number, line: string | null) => {
    if (reached !== null && until - reached >= SILENCE_SECONDS)
      all.push({ ...NOTHING, line, lane: 'silence', at: reached, from: reached, until, text: null });
  };
  for (const item of items) {
    if (item.from !== null) pause(item.from, item.line);
    all.push(item);
    reached = item.until === null ? null : Math.max(reached ?? 0, item.until);
  }
  if (length !== null && items.length > 0) pause(length, null);
  return all;
}

/** The axis: to the end of the call, or, while it goes on, to a round time, so that what is drawn seldom moves. */
export function axisEnd(items: readonly TraceItem[], length: number | null, passed: number): number {
  const last = items.reduce((most, { at, until }) => Math.max(most, until ?? at), 0);
  if (length !== null) return Math.max(length, last, 0.1);
  const least = Math.max(last, Number.isFinite(passed) ? passed : 0, 1);
  for (let round = 30; ; round *= 2) if (least <= round) return round;
}

/** About five marks, at times that people count by. */
export function ticksOf(from: number, until: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];
  const step = steps.find((one) => (until - from) / one <= 6) ?? 86_400;
  const first = Math.ceil(from / step) * step;
  // A mark at the very end would have no room for its text.
  const count = Math.floor((until - 0.06 * (until - from) - first) / step) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => first + index * step);
}
