/**
 * What a call's rules remember of it: how often each has fired, and which of several conditions have held. Pure;
 * bounded for each call.
 */
import type { Because } from './firing.js';
import type { Compiled, Leaf } from './rule-set.js';

/** How often a rule that fires for each event may fire in one call. */
export const MAX_FIRED = 100;

interface Known {
  /** Events for which it has fired. */
  readonly fired: number[];
  /** For several conditions: what fulfilled each since the rule fired last. */
  met: (Because | undefined)[];
  /** The line that each condition found last: its confirmation is not another line. */
  readonly lines: (string | undefined)[];
}

export class RuleMemory {
  private readonly known = new Map<string, Known>();

  clone(): RuleMemory {
    const other = new RuleMemory();
    for (const [id, { fired, met, lines }] of this.known)
      other.known.set(id, { fired: [...fired], met: [...met], lines: [...lines] });
    return other;
  }

  /** False: the rule fires no more in this call, or not for this agent. */
  isOpen({ rule }: Leaf, agent: string): boolean {
    if (rule.only !== null && !rule.only.has(agent)) return false;
    const fired = this.known.get(rule.id)?.fired.length ?? 0;
    return fired < (rule.once === 'call' ? 1 : MAX_FIRED);
  }

  /** True: the condition has found this line already. */
  repeats({ rule, place }: Leaf, line: string | null): boolean {
    if (line === null) return false;
    const { lines } = this.of(rule);
    if (lines[place] === line) return true;
    lines[place] = line;
    return false;
  }

  /** Notes that a condition holds. Returns why its rule fires now; undefined: it does not fire. */
  meet(leaf: Leaf, because: Because, agent: string): Because | undefined {
    const { rule, place } = leaf;
    if (!this.isOpen(leaf, agent)) return undefined;
    const known = this.of(rule);
    if (rule.parts > 1) known.met[place] ??= because;
    const met = known.met.filter((one) => one !== undefined);
    if (met.length < (rule.parts > 1 ? rule.parts : 0) || known.fired.includes(because.event)) return undefined;
    known.fired.push(because.event);
    known.met = [];
    if (!('all' in rule.when)) return because;
    return { ...because, condition: 'all', all: rule.parts > 1 ? met : [because] };
  }

  private of({ id }: Compiled): Known {
    const known = this.known.get(id) ?? { fired: [], met: [], lines: [] };
    this.known.set(id, known);
    return known;
  }
}
