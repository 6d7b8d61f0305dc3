/**
 * Which person has a call. The upstream says that somebody took it over, and names the key with which it was asked, the
 * same one for every person of a tenant. `call.steered` says which person asked. The two come in either order. Pure.
 */
import type { CallEvent } from './call-event.js';
import { labelOf } from './value.js';

interface DeskEntry {
  readonly seq: number;
  /** `asked`: a person asked to take over. */
  readonly kind: 'asked' | 'active' | 'released';
  readonly by: string | null;
}

/** The newest ones, by their numbers. */
export type DeskState = readonly DeskEntry[];

const MAX_ENTRIES = 8;

export function deskAfter(desk: DeskState, { type, seq, data }: CallEvent): DeskState {
  const kind = type === 'call.steered' && data['verb'] === 'takeover' ? 'asked' : KINDS.get(type);
  if (kind === undefined || desk.some((one) => one.seq === seq)) return desk;
  const all = [...desk, { seq, kind, by: labelOf(data['by']) }];
  return all.sort((one, other) => one.seq - other.seq).slice(-MAX_ENTRIES);
}

/** The person behind a takeover; undefined: nobody of the tenant asked for it here. */
export function takerAt(desk: DeskState, seq: number): string | undefined {
  const place = desk.findIndex((one) => one.seq === seq && one.kind === 'active');
  if (place < 0) return undefined;
  const after = desk.slice(place + 1).findLast(({ kind }) => kind === 'asked');
  const before = desk[place - 1];
  const asked = after ?? (before?.kind === 'asked' ? before : undefined);
  return asked?.by ?? undefined;
}

const KINDS = new Map<string, DeskEntry['kind']>([
  ['handoff.active', 'active'],
  ['handoff.released', 'released'],
]);
