/** What the book of changes is narrowed to, as it stands in the page's address. */
import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'wouter';
import type { Query } from '../api/client.js';
import { startOfDay } from '../common/day.js';

/** `from` and `to`: days in the reader's time zone, both included. */
const FIELDS = ['customer', 'action', 'by', 'target', 'from', 'to'] as const;

/** Every field may be empty, and then narrows nothing. */
export type AuditSearch = Readonly<Record<(typeof FIELDS)[number], string>>;

export const NOTHING = Object.fromEntries(FIELDS.map((field) => [field, ''])) as AuditSearch;

export function useAuditSearch(): [AuditSearch, (change: Partial<AuditSearch>) => void] {
  const [given, setGiven] = useSearchParams();
  const search = useMemo(
    () => Object.fromEntries(FIELDS.map((field) => [field, given.get(field) ?? ''])) as AuditSearch,
    [given],
  );
  const change = useCallback(
    (next: Partial<AuditSearch>) => {
      const all = Object.entries({ ...search, ...next }).filter(([, value]) => value !== '');
      setGiven(new URLSearchParams(all), { replace: true });
    },
    [search, setGiven],
  );
  return [search, change];
}

/** As the API is asked; a customer's own book takes no customer. */
export function queryOf({ customer, action, by, target, from, to }: AuditSearch, showsTenant: boolean): Query {
  return {
    ...(showsTenant ? { tenant: customer } : {}),
    action,
    by,
    target: target.trim(),
    from: startOfDay(from)?.toISOString(),
    to: startOfDay(to, 1)?.toISOString(),
  };
}
