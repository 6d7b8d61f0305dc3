import { useCallback, useEffect, useState } from 'react';
import type { Query } from '../api/client.js';
import { type Fault, asFault } from '../api/problem.js';
import { useWhenLiveAgain } from '../stream/use-connection.js';
import { useWorkspace } from '../workspace/workspace.js';
import type { AuditEntry, AuditPageAnswer } from './audit-entry.js';

const PAGE = 50;

interface Listed {
  readonly entries: readonly AuditEntry[];
  /** Undefined before the first page, null after the last. */
  readonly next: string | null | undefined;
  readonly fault?: Fault | undefined;
}

interface Audit extends Listed {
  readonly more: () => void;
  readonly retry: () => void;
}

/** A book, page by page. Another query is another list: give the component that uses it a key. */
export function useAudit(path: string, query: Query): Audit {
  const { client } = useWorkspace();
  const [listed, setListed] = useState<Listed>({ entries: [], next: undefined });
  const [wanted, setWanted] = useState<string>();
  const [round, setRound] = useState(0);
  const asked = JSON.stringify(query);
  useEffect(() => {
    const leaving = new AbortController();
    const narrowed = { ...(JSON.parse(asked) as Query), limit: PAGE, cursor: wanted };
    client.get<AuditPageAnswer>(path, narrowed, leaving.signal).then(
      (page) => setListed(({ entries }) => ({ entries: [...entries, ...page.audit], next: page.next })),
      (error: unknown) => {
        if (!leaving.signal.aborted) setListed((known) => ({ ...known, fault: asFault(error) }));
      },
    );
    return () => leaving.abort();
  }, [client, path, asked, wanted, round]);
  const isMissing = listed.fault !== undefined;
  const retry = useCallback(() => setRound((known) => known + 1), []);
  useWhenLiveAgain(useCallback(() => isMissing && retry(), [isMissing, retry]));
  return { ...listed, more: () => setWanted(listed.next ?? undefined), retry };
}
