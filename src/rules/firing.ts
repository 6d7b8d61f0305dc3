/** What a rule says when it fires. Pure. */
import type { CallId } from '../common/ids.js';
import { type AdmittedEvent, RULE_FIRED, admitEvent } from '../events/log/event.js';
import type { Compiled } from './rule-set.js';

export interface Because {
  /** The condition's name, like `said`. */
  readonly condition: string;
  /**
   * The tenant's number of the event: the line, the failed tool; for a silence, what was heard last; for a length, the
   * start.
   */
  readonly event: number;
  /** What was said in it, or a part of that. */
  readonly text?: string;
  /** For `all`: what fulfilled each condition. */
  readonly all?: readonly Because[];
}

export interface Firing {
  readonly rule: Compiled;
  readonly because: Because;
  /** ISO 8601, UTC: when it was fulfilled, in the events' own time. */
  readonly at: string;
  /** The agent of the event that fulfilled it. */
  readonly agent: string;
  /** The tenant's number of the event by which this became known. */
  readonly by: number;
}

export interface BecauseView {
  readonly condition: string;
  readonly event: string;
  readonly text?: string;
  readonly all?: readonly BecauseView[];
}

export interface FiringView {
  readonly callId: string;
  readonly at: string;
  readonly event: string;
  readonly because: BecauseView;
}

/** Characters of a line that are repeated in the event of the firing. */
const MAX_EXCERPT = 300;
/** How many of these stand before the match. */
const BEFORE = 100;

/** A part of a text around a place in it. */
export function excerpt(text: string, around: number): string {
  if (text.length <= MAX_EXCERPT) return text;
  const from = Math.max(0, Math.min(around - BEFORE, text.length - MAX_EXCERPT));
  // Neither end may have half a character.
  const part = text.slice(from, from + MAX_EXCERPT).replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
  // A slice keeps the whole text in memory, and a copy does not.
  return Buffer.from(part, 'utf16le').toString('utf16le');
}

export function becauseView({ event, all, ...because }: Because): BecauseView {
  return { ...because, event: String(event), ...(all !== undefined && { all: all.map(becauseView) }) };
}

export function firingView(callId: string, { at, because }: Firing): FiringView {
  return { callId, at, event: String(because.event), because: becauseView(because) };
}

/**
 * The firing as an event of the call. Its identity is the rule with the call, or with the causing event if the rule
 * fires for each. So if the same firing is found again, after any death, the log recognises the repeat. `unlessAfter`:
 * the call's last known position, if time alone made the rule fire.
 */
export function firedEvent(callId: CallId, { rule, because, at, agent }: Firing, unlessAfter?: number): AdmittedEvent {
  const cause = rule.once === 'call' ? [] : [because.event];
  const admitted = admitEvent(
    {
      type: RULE_FIRED,
      agent,
      callId,
      at: new Date(at),
      ephemeral: false,
      identity: [RULE_FIRED, rule.id, callId, ...cause],
      data: { rule: rule.id, name: rule.name, callId, because: becauseView(because) },
    },
    new Date(at),
    RULE_FIRED,
  );
  return { ...admitted, unlessAfter };
}
