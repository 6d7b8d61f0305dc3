/** Which calls in progress need somebody's attention, and why. Pure. */
import type { LiveCall } from '../workspace/live-call.js';

/** The most urgent first: a person was asked for, a rule fired, a tool failed, nothing comes, it goes on for long. */
export const NEEDS = ['person', 'rule', 'failed', 'silent', 'long'] as const;
export type Need = (typeof NEEDS)[number];

/** After this much silence a caller wonders whether anybody is there. */
const SILENT_MS = 45_000;
/** Few calls with an agent take so long; most of those that do go round in circles. */
const LONG_MS = 15 * 60_000;

/** `nowMs` by the page's clock, `serverMs` by the time of day. */
export function needsOf(call: LiveCall, nowMs: number, serverMs: number): readonly Need[] {
  const { summary, hasFailedTool, heardAtMs, endedAtMs } = call;
  if (endedAtMs !== null) return [];
  const holds: Readonly<Record<Need, boolean>> = {
    person: summary.handoff?.state === 'requested',
    rule: summary.fired !== undefined,
    failed: hasFailedTool,
    silent: nowMs - heardAtMs >= SILENT_MS,
    long: serverMs - Date.parse(summary.startedAt) >= LONG_MS,
  };
  return NEEDS.filter((need) => holds[need]);
}

/** Smaller is more urgent. */
export function urgencyOf(needs: readonly Need[]): number {
  const [first] = needs;
  return first === undefined ? NEEDS.length : NEEDS.indexOf(first);
}
