/** The filters of the list of calls, as they stand in the page's address: they can be saved, sent and returned to. */
import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';
import type { Query } from '../api/client.js';
import { startOfDay } from '../common/day.js';

/** Every field may be empty, and then filters nothing. */
const FIELDS = [
  'q',
  'agent',
  'tenant',
  'state',
  'reason',
  'transport',
  'direction',
  /** Days in the reader's time zone, both included: `2026-11-27`. */
  'from',
  'to',
  /** Seconds. */
  'min',
  /** What is wrong with them, and the id of a live rule that fired. */
  'flag',
  'rule',
  /** Empty: the newest first. */
  'sort',
] as const;

type Narrowed = 'q' | 'agent' | 'tenant' | 'state' | 'reason' | 'transport' | 'direction' | 'from' | 'to' | 'min';
export type CallSearch = Readonly<Record<Narrowed | 'flag' | 'rule' | 'sort', string>>;

export const NOTHING = Object.fromEntries(FIELDS.map((field) => [field, ''])) as CallSearch;

export function useCallSearch(): [CallSearch, (change: Partial<CallSearch>) => void] {
  const text = useSearch();
  const [path, navigate] = useLocation();
  const search = useMemo(() => searchIn(text), [text]);
  const change = useCallback(
    (next: Partial<CallSearch>) => {
      const query = addressOf({ ...search, ...next });
      navigate(query === '' ? path : `${path}?${query}`, { replace: true });
    },
    [search, path, navigate],
  );
  return [search, change];
}

export function searchIn(text: string): CallSearch {
  const given = new URLSearchParams(text);
  return Object.fromEntries(FIELDS.map((field) => [field, given.get(field) ?? ''])) as CallSearch;
}

/** What stands behind the address's `?`; empty where nothing is narrowed. */
export function addressOf(search: Partial<CallSearch>): string {
  return new URLSearchParams(Object.entries(search).filter(([, value]) => value !== '')).toString();
}

/** As the API is asked. */
export function queryOf(search: CallSearch): Query {
  const { q, agent, tenant, state, reason, transport, direction, from, to, min, flag, rule, sort } = search;
  return {
    q: q.trim(),
    agents: agent,
    tenants: tenant,
    state,
    reason,
    transport,
    direction,
    from: startOfDay(from)?.toISOString(),
    to: startOfDay(to, 1)?.toISOString(),
    minDuration: min,
    flag,
    rule,
    // A search goes through the newest calls first, and takes no other order.
    sort: q.trim() === '' ? sort : '',
  };
}
