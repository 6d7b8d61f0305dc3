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
  /** What it takes of the memory, about. */
  bytes: number;
}

/** What an entry takes without its texts, and what each of its parts does. */
const [ENTRY_BYTES, PART_BYTES] = [250, 120];

export class RuleMemory {
  private readonly known = new Map<string, Known>();
  /** What it takes of the memory, about. */
  bytes = 0;

  clone(): RuleMemory {
    const other = new RuleMemory();
    for (const [id, { fired, met, lines, bytes }] of this.known)
      other.known.set(id, { fired: [...fired], met: [...met], lines: [...lines], bytes });
    other.bytes = this.bytes;
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
    const known = this.of(rule);
    if (known.lines[place] === line) return true;
    known.lines[place] = line;
    this.weigh(known);
    return false;
  }

  /** Notes that a condition holds. Returns why its rule fires now; undefined: it does not fire. */
  meet(leaf: Leaf, because: Because, agent: string): Because | undefined {
    const { rule } = leaf;
    if (!this.isOpen(leaf, agent)) return undefined;
    const known = this.of(rule);
    const firing = this.fires(known, leaf, because);
    this.weigh(known);
    return firing;
  }

  private fires(known: Known, { rule, place }: Leaf, because: Because): Because | undefined {
    if (rule.parts > 1) known.met[place] ??= because;
    const met = known.met.filter((one) => one !== undefined);
    if (met.length < (rule.parts > 1 ? rule.parts : 0) || known.fired.includes(because.event)) return undefined;
    known.fired.push(because.event);
    known.met = [];
    if (!('all' in rule.when)) return because;
    return { ...because, condition: 'all', all: rule.parts > 1 ? met : [because] };
  }

  private of({ id }: Compiled): Known {
    const known = this.known.get(id) ?? { fired: [], met: [], lines: [], bytes: 0 };
    this.known.set(id, known);
    return known;
  }

  private weigh(known: Known): void {
    let bytes = ENTRY_BYTES + known.fired.length * 8;
    for (const because of known.met) bytes += PART_BYTES + 2 * (because?.text?.length ?? 0);
    for (const line of known.lines) bytes += PART_BYTES + 2 * (line?.length ?? 0);
    this.bytes += bytes - known.bytes;
    known.bytes = bytes;
  }
}
