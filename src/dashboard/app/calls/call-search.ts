/** What the list of calls is narrowed to, as it stands in the page's address: it can be kept, sent and gone back to. */
import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';

export interface CallSearch {
  readonly q: string;
  readonly agent: string;
  readonly state: string;
}

const FIELDS = ['q', 'agent', 'state'] as const;

export function useCallSearch(): [CallSearch, (change: Partial<CallSearch>) => void] {
  const text = useSearch();
  const [path, navigate] = useLocation();
  const search = useMemo(() => searchIn(text), [text]);
  const change = useCallback(
    (next: Partial<CallSearch>) => {
      const given = Object.entries({ ...search, ...next }).filter(([, value]) => value !== '');
      const query = new URLSearchParams(given).toString();
      navigate(query === '' ? path : `${path}?${query}`, { replace: true });
    },
    [search, path, navigate],
  );
  return [search, change];
}

function searchIn(text: string): CallSearch {
  const fields = new URLSearchParams(text);
  const [q, agent, state] = FIELDS.map((field) => fields.get(field) ?? '');
  return { q: q ?? '', agent: agent ?? '', state: state ?? '' };
}
