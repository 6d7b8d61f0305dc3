/** Which events are shown: what the address says, and what a stream of the API can be narrowed to. Pure. */
import type { StreamFrame } from '../stream/frame.js';

export interface ShownEvent {
  /** Tells events of this page apart, also those without an id. */
  readonly key: string;
  readonly seq: number | null;
  readonly type: string;
  readonly agent: string | null;
  readonly callId: string | null;
  /** Null: nobody's, or the reader's own. */
  readonly tenant: string | null;
  readonly at: string;
  readonly data: StreamFrame['data'];
}

export const KINDS = ['types', 'agents', 'calls', 'tenants'] as const;
export type Kind = (typeof KINDS)[number];

/** Of each kind the values that pass; an empty list: all of them. */
export type EventFilter = Readonly<Record<Kind, readonly string[]>>;

/** How the address names customers' absence: no customer's id has such a character. */
export const NOBODY = '~';

export const EVERYTHING: EventFilter = { types: [], agents: [], calls: [], tenants: [] };

export function filterIn(params: URLSearchParams): EventFilter {
  const listOf = (kind: Kind) => [...new Set(params.getAll(kind).filter((value) => value !== ''))];
  return { types: listOf('types'), agents: listOf('agents'), calls: listOf('calls'), tenants: listOf('tenants') };
}

/** As it stands in the address: one parameter for each value, whatever characters it has. */
export function addressOf(filter: EventFilter): URLSearchParams {
  return new URLSearchParams(KINDS.flatMap((kind) => filter[kind].map((value) => [kind, value])));
}

export function isNarrowed(filter: EventFilter): boolean {
  return KINDS.some((kind) => filter[kind].length > 0);
}

/** Adds a value, or takes it away if it is there. A stream of the API reads one call, so there is one call at most. */
export function toggled(filter: EventFilter, kind: Kind, value: string): EventFilter {
  const has = filter[kind].includes(value);
  const others = kind === 'calls' ? [] : filter[kind];
  return { ...filter, [kind]: has ? filter[kind].filter((one) => one !== value) : [...others, value] };
}

/** The value of an event that a filter of a kind looks at; null: it has none. */
export function valueOf({ type, agent, callId, tenant }: ShownEvent, kind: Kind): string | null {
  switch (kind) {
    case 'types':
      return type;
    case 'agents':
      return agent;
    case 'calls':
      return callId;
    case 'tenants':
      return tenant ?? NOBODY;
  }
}

export function passes(filter: EventFilter, event: ShownEvent): boolean {
  return KINDS.every((kind) => {
    const wanted = filter[kind];
    if (wanted.length === 0) return true;
    const value = valueOf(event, kind);
    return value !== null && wanted.some((one) => (kind === 'types' ? isOfType(value, one) : value === one));
  });
}

/** As the API has it: exact, or a prefix that ends in `.*`. */
function isOfType(type: string, pattern: string): boolean {
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}
