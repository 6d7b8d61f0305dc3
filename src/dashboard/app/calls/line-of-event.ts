/** Which line of a call an event belongs to. Pure. */
import type { FiredBecause, FiredRule } from '../../../calls/fold/fired-state.js';
import type { ScriptLine } from './script.js';

/** What is said of an event: its id in the customer's log and, if it is known, why it is looked for. */
export type Cause = Pick<FiredBecause, 'event'> & Partial<Pick<FiredBecause, 'condition' | 'text'>>;

/** Conditions that a line fulfils. The others are of the whole call. */
const OF_A_LINE = new Set(['said', 'silence', 'latency', 'toolFailed']);

/**
 * The line, if it is shown. A line knows only the first event that spoke of it, so a later one of its events (its
 * confirmation, its end) belongs to the last line before it; the text tells lines apart that overlap.
 */
export function lineOfEvent(script: readonly ScriptLine[], { event, condition, text }: Cause): ScriptLine | undefined {
  const at = Number(event);
  const isMeant = (line: ScriptLine) => {
    if (line.kind === 'saying') return false;
    if (condition === 'toolFailed') return line.kind === 'tool' && line.tool.error !== undefined;
    return condition === undefined || line.kind === 'said';
  };
  const meant = script.filter(isMeant);
  const says = (line: ScriptLine) => line.kind === 'said' && text !== undefined && line.entry.text.includes(text);
  const saying = meant.filter(says);
  const possible = saying.length > 0 ? saying : meant;
  return possible.find((line) => seqOf(line) === at) ?? possible.findLast((line) => seqOf(line) <= at) ?? saying[0];
}

/** The rules that each line made fire, by the line's key. */
export function firedLines(
  script: readonly ScriptLine[],
  fired: readonly FiredRule[],
): ReadonlyMap<string, readonly FiredRule[]> {
  const lines = new Map<string, FiredRule[]>();
  for (const one of fired)
    for (const cause of one.because.all ?? [one.because]) {
      if (!OF_A_LINE.has(cause.condition)) continue;
      const line = lineOfEvent(script, cause);
      if (line === undefined) continue;
      const known = lines.get(line.key) ?? [];
      if (!known.some(({ rule }) => rule === one.rule)) lines.set(line.key, [...known, one]);
    }
  return lines;
}

function seqOf(line: ScriptLine): number {
  if (line.kind === 'said') return line.entry.seq;
  return line.kind === 'tool' ? line.tool.seq : Number.POSITIVE_INFINITY;
}
