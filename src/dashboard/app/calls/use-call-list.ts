import { useCallback, useEffect, useRef, useState } from 'react';
import type { CallSummary } from '../../../calls/fold/call-view.js';
import { type Fault, asFault } from '../api/problem.js';
import { useWorkspace } from '../workspace/workspace.js';
import { useWhenLiveAgain } from '../stream/use-connection.js';
import type { CallSearch } from './call-search.js';

/** Where the words were found, in UTF-16 code units of the text. */
export interface Snippet {
  readonly text: string;
  readonly matches: readonly { readonly start: number; readonly end: number }[];
}

export type FoundCall = CallSummary & { readonly snippet?: Snippet | null };

interface Page {
  readonly calls: readonly FoundCall[];
  readonly next: string | null;
}

interface CallList {
  readonly calls: readonly FoundCall[] | undefined;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly fault: Fault | undefined;
  readonly more: () => void;
  readonly reload: () => void;
}

const PAGE = 50;
/** New calls show up in a list that has not been paged through; not more often than this. */
const REFRESH_MS = 3000;

/** Calls as searched for, newest first, page by page. */
export function useCallList({ q, agent, state }: CallSearch): CallList {
  const { client, feed } = useWorkspace();
  /** What the pages are of: rows of another search are not shown beside a fault. */
  const asked = JSON.stringify([q.trim(), agent, state]);
  const [found, setFound] = useState<{ readonly asked: string; readonly pages: readonly Page[] }>();
  const current = useRef(asked);
  useEffect(() => void (current.current = asked), [asked]);
  const [fault, setFault] = useState<Fault>();
  const [isLoading, setIsLoading] = useState(true);
  const load = useCallback(
    async (before: readonly Page[], signal?: AbortSignal) => {
      setIsLoading(true);
      const query = { q: q.trim(), agents: agent, state, limit: PAGE, cursor: before.at(-1)?.next ?? undefined };
      const isOvertaken = () => signal?.aborted === true || current.current !== asked;
      try {
        const page = await client.get<Page>('/v1/calls', query, signal);
        if (isOvertaken()) return;
        setFound({ asked, pages: [...before, page] });
        setFault(undefined);
      } catch (error) {
        if (isOvertaken()) return;
        setFault(asFault(error));
      }
      setIsLoading(false);
    },
    [client, q, agent, state, asked],
  );
  useEffect(() => {
    const leaving = new AbortController();
    void load([], leaving.signal);
    return () => leaving.abort();
  }, [load]);
  const pages = fault !== undefined && found?.asked !== asked ? undefined : found?.pages;
  const isFirstPage = pages === undefined || pages.length === 1;
  useEffect(() => {
    if (!isFirstPage) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = feed.calls.ids.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void load([]);
      }, REFRESH_MS);
    });
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [feed, load, isFirstPage]);
  const isFaulty = fault !== undefined;
  useWhenLiveAgain(useCallback(() => void (isFaulty && load([])), [isFaulty, load]));
  return {
    calls: pages?.flatMap((page) => page.calls),
    hasMore: pages?.at(-1)?.next != null,
    ...{ isLoading, fault },
    more: () => void load(pages ?? []),
    reload: () => void load([]),
  };
}
