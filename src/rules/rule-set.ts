/**
 * The rules of a tenant, compiled once into an index from what happens to the conditions that wait for it. An event
 * costs only the conditions that it concerns. Pure.
 */
import type { Condition, Side, Single } from './condition.js';
import { kindOf, singlesOf } from './condition.js';
import { Pattern } from './pattern.js';
import { Phrases } from './phrases.js';

/** What is evaluated of a rule, whether it is saved or only tried. */
export interface Rule {
  readonly id: string;
  readonly name: string;
  /** Empty: all. */
  readonly agents: readonly string[];
  readonly when: Condition;
  readonly once: 'call' | 'each';
  /** Only events after this number of the tenant's make it fire. */
  readonly since: number;
}

/** A condition of a rule, and its place among the rule's conditions. */
export interface Leaf {
  readonly rule: Compiled;
  readonly place: number;
  readonly kind: string;
}

export interface Compiled extends Rule {
  readonly only: ReadonlySet<string> | null;
  /** How many conditions must hold together. */
  readonly parts: number;
}

export interface PatternLeaf {
  readonly leaf: Leaf;
  readonly pattern: Pattern;
}

/** The condition holds beyond this number. */
export interface Threshold {
  readonly leaf: Leaf;
  readonly over: number;
}

const SECOND_MS = 1000;
const SPEAKERS = ['caller', 'agent'] as const;

export class RuleSet {
  readonly phrases = { caller: new Phrases<Leaf>(), agent: new Phrases<Leaf>() };
  readonly patterns: { readonly caller: PatternLeaf[]; readonly agent: PatternLeaf[] } = { caller: [], agent: [] };
  /** Ascending, as all thresholds are. */
  readonly latencies: Threshold[] = [];
  readonly silences: Record<Side, Threshold[]> = { caller: [], agent: [], anybody: [] };
  readonly lengths: Threshold[] = [];
  readonly failedTools: { readonly leaf: Leaf; readonly name: string | undefined }[] = [];
  readonly ends = new Map<string, Leaf[]>();
  readonly handoffs: Record<'requested' | 'active', Leaf[]> = { requested: [], active: [] };
  readonly scores: Leaf[] = [];

  constructor(readonly rules: readonly Rule[]) {
    for (const rule of rules) {
      const singles = singlesOf(rule.when);
      const only = rule.agents.length === 0 ? null : new Set(rule.agents);
      const compiled: Compiled = { ...rule, only, parts: singles.length };
      for (const [place, single] of singles.entries())
        this.add(single, { rule: compiled, place, kind: kindOf(single) });
    }
    for (const thresholds of [this.latencies, this.lengths, ...Object.values(this.silences)])
      thresholds.sort((one, other) => one.over - other.over);
  }

  /** True when time alone fulfils some of the conditions. */
  get isTimed(): boolean {
    return this.lengths.length > 0 || Object.values(this.silences).some((silences) => silences.length > 0);
  }

  private add(single: Single, leaf: Leaf): void {
    if ('said' in single) this.addSaid(single.said, leaf);
    else if ('silence' in single)
      this.silences[single.silence.by].push({ leaf, over: single.silence.seconds * SECOND_MS });
    else if ('latency' in single) this.latencies.push({ leaf, over: single.latency.overMs });
    else if ('toolFailed' in single) this.failedTools.push({ leaf, name: single.toolFailed.name });
    else if ('longerThan' in single) this.lengths.push({ leaf, over: single.longerThan.seconds * SECOND_MS });
    else if ('ended' in single) for (const reason of new Set(single.ended.reasons)) this.addEnd(reason, leaf);
    else if ('handoff' in single) this.handoffs[single.handoff].push(leaf);
    else this.scores.push(leaf);
  }

  private addSaid({ by, words, pattern }: Extract<Single, { said: object }>['said'], leaf: Leaf): void {
    const compiled = pattern === undefined ? undefined : Pattern.of(pattern);
    for (const speaker of SPEAKERS) {
      if (by !== 'anybody' && by !== speaker) continue;
      for (const phrase of words ?? []) this.phrases[speaker].add(phrase, leaf);
      if (compiled !== undefined) this.patterns[speaker].push({ leaf, pattern: compiled });
    }
  }

  private addEnd(reason: string, leaf: Leaf): void {
    const known = this.ends.get(reason) ?? [];
    known.push(leaf);
    this.ends.set(reason, known);
  }
}
