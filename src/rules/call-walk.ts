/**
 * A call as its rules see it: one walk over its durable events, in the order of the log. Live evaluation, its
 * rebuilding after a restart and the backtest use this same walk, so they agree exactly (docs/rules.md, "Time").
 *
 * Time is the call's own: the latest `at` of its events so far. A silence or a length is reached when an event comes
 * that is later than its end, whatever that event is. It fires before what the event itself says. If no event comes, a
 * timer asks (`advance`). What the timer fires enters the log only if still no event has come. So the log decides in
 * which order things happened. A `rule.fired` in the log moves the time of the call, and does nothing else.
 */
import { wordsIn } from '../calls/search/search-words.js';
import { RULE_FIRED } from '../events/log/event.js';
import type { Side } from './condition.js';
import { type Because, type Firing, excerpt } from './firing.js';
import { type Hearing, NOTHING_HEARD, heard } from './quiet.js';
import { RuleMemory } from './rule-memory.js';
import type { Leaf, RuleSet, Threshold } from './rule-set.js';
import { type RuleEvent, type Said, TELLING } from './signals.js';
import { endIn, failedToolIn, handoffIn, hasFailedScore, isStart, latencyIn, saidIn, toolsAskedIn } from './signals.js';

/** A call with more events is not looked at any further. This bounds the cost of finding it again after a restart. */
export const MAX_CALL_EVENTS = 20_000;
/** Tools that were asked for and have not answered. */
const MAX_TOOLS = 64;
/** What a call takes of the memory without what its rules remember, and what a tool takes. */
const [CALL_BYTES, TOOL_BYTES] = [3000, 1500];
const SIDES: readonly Side[] = ['anybody', 'agent', 'caller'];

/** A threshold that only waits for time, and when it is reached. */
interface Due {
  readonly at: number;
  readonly leaf: Leaf;
  readonly because: Because;
  readonly agent: string;
}

interface Started {
  readonly at: number;
  readonly event: number;
  readonly agent: string;
}

export class CallWalk {
  /** The tenant's number of the last event. */
  lastSeq = 0;
  /** The call's own time, in milliseconds. */
  clock = 0;
  /** The call's own time when its last event came; events of rules do not count. */
  heardAt = 0;
  private events = 0;
  private hearing: Hearing = NOTHING_HEARD;
  private started: Started | undefined;
  /** How many of the thresholds that wait for time have been reached, shortest first. */
  private reached = { caller: 0, agent: 0, anybody: 0, length: 0 };
  private tools = new Map<string, string>();
  private memory = new RuleMemory();

  constructor(private readonly rules: RuleSet) {}

  /** The call has ended. Only events about it can still fulfil a condition. */
  get isOver(): boolean {
    return this.hearing.isOver;
  }

  /** What the event makes fire, in order. Only events for which {@link needsData} is true need their data. */
  apply(event: RuleEvent): readonly Firing[] {
    this.lastSeq = event.seq;
    const isOwn = event.type === RULE_FIRED;
    if (!isOwn && (this.events += 1) > MAX_CALL_EVENTS) return [];
    const at = Math.max(this.clock, Date.parse(event.at) || 0);
    const firings = this.advance(at, event.seq);
    if (isOwn) return firings;
    this.heardAt = this.clock;
    if (!TELLING.has(event.type)) return firings;
    return [...firings, ...this.take(event)];
  }

  /**
   * What is reached at a moment of the call's own time if no further event has come. `by`: the event that tells the
   * time.
   */
  advance(at: number, by = Number.MAX_SAFE_INTEGER): readonly Firing[] {
    const firings: Firing[] = [];
    for (let due = this.next(); due !== undefined && due.at <= at; due = this.next()) {
      this.pass(due);
      firings.push(...this.meet(due.leaf, due.because, due.at, due.agent, by));
    }
    this.clock = Math.max(this.clock, at);
    return firings;
  }

  /**
   * The moment, in the call's own time, at which something is reached if no event comes. Undefined: nothing waits for
   * time.
   */
  get dueAt(): number | undefined {
    return this.isTooLong ? undefined : this.next()?.at;
  }

  /** The call has more events than are looked at: nothing more fires in it. */
  get isTooLong(): boolean {
    return this.events > MAX_CALL_EVENTS;
  }

  /** What it takes of the memory, about. */
  get bytes(): number {
    return CALL_BYTES + this.tools.size * TOOL_BYTES + this.memory.bytes;
  }

  /** A copy of the present state, for looking ahead. */
  clone(): CallWalk {
    const { reached, tools, memory } = this;
    const own = { reached: { ...reached }, tools: new Map(tools), memory: memory.clone() };
    return Object.assign(new CallWalk(this.rules), this, own);
  }

  private take(event: RuleEvent): Firing[] {
    const at = Date.parse(event.at) || this.clock;
    const before = this.hearing;
    // A late event is heard when it comes: the time of the call does not go back.
    this.hearing = heard(before, event, this.clock);
    for (const side of SIDES) if (this.hearing.silences[side] !== before.silences[side]) this.reached[side] = 0;
    if (this.started === undefined && isStart(event))
      this.started = { at: this.clock, event: event.seq, agent: event.agent };
    for (const [id, name] of toolsAskedIn(event)) this.ask(id, name);
    const said = saidIn(event);
    const text = said && excerpt(said.text, 0);
    const met = said === undefined ? [] : this.said(said, event, at);
    const because = (leaf: Leaf): Because => ({ condition: leaf.kind, event: event.seq, ...(text !== undefined && { text }) }); // prettier-ignore
    const others = this.told(event).flatMap((leaf) => this.meet(leaf, because(leaf), at, event.agent, event.seq));
    return [...met, ...others];
  }

  private said(said: Said, { seq, agent }: RuleEvent, at: number): Firing[] {
    const found = new Map<Leaf, number>(this.rules.phrases[said.by].isEmpty ? [] : this.rules.phrases[said.by].find(wordsIn(said.text))); // prettier-ignore
    for (const { leaf, pattern } of this.rules.patterns[said.by]) {
      if (!this.memory.isOpen(leaf, agent)) continue;
      const start = pattern.find(said.text);
      if (start >= 0) found.set(leaf, start);
    }
    return [...found].flatMap(([leaf, start]) => {
      if (this.memory.repeats(leaf, said.line)) return [];
      const because = { condition: leaf.kind, event: seq, text: excerpt(said.text, start) };
      return this.meet(leaf, because, at, agent, seq);
    });
  }

  /** The conditions that an event fulfils that is no line. */
  private told(event: RuleEvent): readonly Leaf[] {
    const [latency, failed, end, handoff] = [latencyIn(event), failedToolIn(event), endIn(event), handoffIn(event)];
    const leaves: Leaf[] = [];
    if (latency !== undefined) leaves.push(...below(this.rules.latencies, latency));
    if (failed !== undefined) {
      const name = failed.name ?? (failed.id === null ? undefined : this.tools.get(failed.id));
      leaves.push(...this.rules.failedTools.filter((one) => one.name === undefined || one.name === name).map(({ leaf }) => leaf)); // prettier-ignore
    }
    if (end !== undefined && end.reason !== null) leaves.push(...(this.rules.ends.get(end.reason) ?? []));
    if (handoff === 'requested' || handoff === 'active') leaves.push(...this.rules.handoffs[handoff]);
    if (hasFailedScore(event)) leaves.push(...this.rules.scores);
    return leaves;
  }

  /** The earliest of the thresholds that wait for time. */
  private next(): Due | undefined {
    if (this.isOver) return undefined;
    let first: Due | undefined;
    for (const side of SIDES) {
      const threshold = this.rules.silences[side][this.reached[side]];
      const quiet = this.hearing.silences[side];
      if (threshold === undefined || quiet === null) continue;
      const at = quiet.since + threshold.over;
      if (first !== undefined && first.at <= at) continue;
      const text = quiet.text === undefined ? {} : { text: quiet.text };
      const because = { condition: threshold.leaf.kind, event: quiet.event, ...text };
      first = { at, leaf: threshold.leaf, agent: quiet.agent, because };
    }
    const length = this.rules.lengths[this.reached.length];
    if (length === undefined || this.started === undefined) return first;
    const at = this.started.at + length.over;
    if (first !== undefined && first.at <= at) return first;
    const because = { condition: length.leaf.kind, event: this.started.event };
    return { at, leaf: length.leaf, agent: this.started.agent, because };
  }

  private pass({ leaf }: Due): void {
    if (this.rules.lengths[this.reached.length]?.leaf === leaf) this.reached.length += 1;
    else
      for (const side of SIDES)
        if (this.rules.silences[side][this.reached[side]]?.leaf === leaf) this.reached[side] += 1;
  }

  private meet(leaf: Leaf, because: Because, at: number, agent: string, by: number): readonly Firing[] {
    const met = this.memory.meet(leaf, because, agent);
    if (met === undefined) return [];
    return [{ rule: leaf.rule, because: met, at: new Date(at).toISOString(), agent, by }];
  }

  private ask(id: string, name: string): void {
    if (this.rules.failedTools.length === 0) return;
    this.tools.set(id, name);
    const [oldest] = this.tools.keys();
    if (this.tools.size > MAX_TOOLS && oldest !== undefined) this.tools.delete(oldest);
  }
}

/** Whether rules look at the data of events of this type. */
export function needsData(type: string): boolean {
  return TELLING.has(type);
}

function below(thresholds: readonly Threshold[], value: number): Leaf[] {
  const count = thresholds.findIndex(({ over }) => over >= value);
  return (count < 0 ? thresholds : thresholds.slice(0, count)).map(({ leaf }) => leaf);
}
