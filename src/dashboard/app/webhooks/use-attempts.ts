/** The list of a webhook's attempts: the newest are looked for again and again, older ones on request. */
import { useCallback, useEffect, useState } from 'react';
import { type Fault, asFault } from '../api/problem.js';
import { useWatched } from '../stream/use-watched.js';
import { type Attempt, type WebhookPlace, pathOf } from './webhook.js';

const PAGE = 20;
const LOOK_MS = 5000;

export type Outcome = 'all' | 'failed' | 'delivered';

interface AttemptPage {
  readonly attempts: readonly Attempt[];
  readonly next: string | null;
}

interface Listed {
  readonly rows: readonly Attempt[];
  /** Undefined before the first page, null after the last. */
  readonly next: string | null | undefined;
}

interface Attempts extends Listed {
  readonly fault: Fault | undefined;
  readonly more: () => void;
  readonly reload: () => void;
}

const NOTHING: Listed = { rows: [], next: undefined };

/** `asked`: when it changes, the newest are loaded at once. */
export function useAttempts(place: WebhookPlace, id: string, outcome: Outcome, asked: number): Attempts {
  const { client } = place;
  const path = `${pathOf(place, id)}/attempts`;
  const query = useCallback(
    (cursor?: string) => ({ limit: PAGE, cursor, status: outcome === 'all' ? undefined : outcome }),
    [outcome],
  );
  const load = useCallback(
    (signal: AbortSignal) => client.get<AttemptPage>(path, query(), signal),
    // What was asked for is looked for at once.
    [client, path, query, asked],
  );
  const { value, fault, reload } = useWatched(load, LOOK_MS);
  const [listed, setListed] = useState<Listed>(NOTHING);
  const [olderFault, setOlderFault] = useState<Fault>();
  useEffect(() => {
    if (value !== undefined) setListed((known) => withNewest(known, value));
  }, [value]);
  const more = () => {
    if (typeof listed.next !== 'string') return;
    setOlderFault(undefined);
    client.get<AttemptPage>(path, query(listed.next)).then(
      (page) => setListed((known) => ({ rows: united(page.attempts, known.rows), next: page.next })),
      (error: unknown) => setOlderFault(asFault(error)),
    );
  };
  return { ...listed, fault: listed.next === undefined ? fault : olderFault, more, reload };
}

/** If so many came that the pages do not meet, the list begins anew: it must have no gap. */
function withNewest(known: Listed, newest: AttemptPage): Listed {
  const ids = new Set(known.rows.map(({ id }) => id));
  const meets = newest.next === null || newest.attempts.some(({ id }) => ids.has(id));
  if (known.next === undefined || !meets) return { rows: newest.attempts, next: newest.next };
  return { rows: united(newest.attempts, known.rows), next: known.next };
}

/** Newest first; their ids sort by time. What was read last counts. */
function united(read: readonly Attempt[], known: readonly Attempt[]): Attempt[] {
  const rows = new Map([...known, ...read].map((row) => [row.id, row]));
  return [...rows.values()].sort((one, other) => (one.id < other.id ? 1 : -1));
}
