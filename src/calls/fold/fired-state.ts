/**
 * What live rules have said of a call (docs/rules.md). It is kept with the call, so that lists and the live page show
 * it without looking for it. Pure.
 */
import type { CallEvent } from './call-event.js';
import { objectAt, objectsIn, textOf } from './value.js';

export const RULE_FIRED = 'rule.fired';

export interface FiredBecause {
  /** The condition's name, like `said`. */
  readonly condition: string;
  /** The id of the event that fulfilled it, in the tenant's log. */
  readonly event: string;
  /** The beginning of what was said in it. */
  readonly text?: string;
  /** Of several conditions: what fulfilled each, without its text. */
  readonly all?: readonly Omit<FiredBecause, 'all' | 'text'>[];
}

/** One firing of a rule. */
export interface FiredRule {
  /** The id of its `rule.fired`. */
  readonly id: string;
  readonly rule: string;
  /** As the rule was called when it fired. */
  readonly name: string;
  /** When it was fulfilled, in the events' own time. */
  readonly at: string;
  readonly because: FiredBecause;
}

/** Firings that a call keeps, and those of one rule: they are in every row of a list. The log has all of them. */
const [MAX_FIRED, MAX_OF_RULE] = [20, 5];
/** As long as a name may be, and as much of a line as tells it from others. */
const [MAX_NAME, MAX_TEXT] = [100, 160];
const MAX_ID = 64;
const MAX_ALL = 8;

/**
 * The firings after one more event, the earliest first. Of too many the earliest stay, in whatever order they come: a
 * firing that is among the first of all is among the first of every part of them.
 */
export function firedAfter(known: readonly FiredRule[], event: CallEvent): readonly FiredRule[] {
  if (event.type !== RULE_FIRED) return known;
  const next = firedIn(event);
  if (next === undefined || known.some(({ id }) => id === next.id)) return known;
  const fired = [...known, next].sort((one, other) => Number(one.id) - Number(other.id));
  const isKept = ({ rule }: FiredRule, index: number) =>
    fired.slice(0, index).filter((before) => before.rule === rule).length < MAX_OF_RULE;
  return fired.filter(isKept).slice(0, MAX_FIRED);
}

function firedIn({ seq, at, data }: CallEvent): FiredRule | undefined {
  const rule = cut(data['rule'], MAX_ID);
  if (rule === '') return undefined;
  const because = objectAt(data['because']);
  const text = cut(because['text'], MAX_TEXT);
  const all = objectsIn(because['all']).slice(0, MAX_ALL).map(causeIn);
  return {
    id: String(seq),
    rule,
    name: cut(data['name'], MAX_NAME),
    at,
    because: { ...causeIn(because), ...(text !== '' && { text }), ...(all.length > 0 && { all }) },
  };
}

function causeIn({ condition, event }: Readonly<Record<string, unknown>>) {
  return { condition: cut(condition, MAX_ID), event: cut(event, MAX_ID) };
}

function cut(value: unknown, length: number): string {
  const text = textOf(value) ?? '';
  return text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}
