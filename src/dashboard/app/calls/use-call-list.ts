import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { CallSummary } from '../../../calls/fold/call-view.js';
import { type Fault, asFault } from '../api/problem.js';
import { useWhenLiveAgain } from '../stream/use-connection.js';
import { useWorkspace } from '../workspace/workspace.js';
import { type CallSearch, queryOf } from './call-search.js';

/** Where the words were found, in UTF-16 code units of the text. */
export interface Snippet {
  readonly text: string;
  readonly matches: readonly { readonly start: number; readonly end: number }[];
}

/** `tenant` where calls of several customers stand beside each other. */
export type FoundCall = CallSummary & { readonly snippet?: Snippet | null; readonly tenant?: string | null };

export interface CallsPageAnswer {
  readonly calls: readonly FoundCall[];
  readonly next: string | null;
  /** A search that is not complete: it has looked at the calls that began since then. */
  readonly searchedSince?: string;
}

interface Found {
  readonly asked: string;
  readonly pages: readonly CallsPageAnswer[];
}

interface CallList {
  readonly calls: readonly FoundCall[] | undefined;
  readonly hasMore: boolean;
  readonly searchedSince: string | undefined;
  readonly isLoading: boolean;
  readonly fault: Fault | undefined;
  readonly more: () => void;
  readonly reload: () => void;
}

const PAGE = 50;
/** New calls appear in a list that has not been paged through; not more often than this. */
const REFRESH_MS = 3000;

/** The last list, with the position in it: a person who opened a call comes back to the same place. */
let left: (Found & { readonly scrolledTo: number }) | undefined;

/** Calls as searched for, newest first, page by page. */
export function useCallList(search: CallSearch): CallList {
  const { client, api, me, feed } = useWorkspace();
  /** The search of these pages: rows of another search are not shown beside a fault. */
  const asked = JSON.stringify([api, me.tenant, queryOf(search)]);
  const [found, setFound] = useState<Found | undefined>(() => (left?.asked === asked ? left : undefined));
  const current = useRef(asked);
  const rounds = useRef(0);
  useEffect(() => void (current.current = asked), [asked]);
  usePlaceKept(found);
  const [fault, setFault] = useState<Fault>();
  const [isLoading, setIsLoading] = useState(true);
  const load = useCallback(
    async (before: readonly CallsPageAnswer[], signal?: AbortSignal) => {
      setIsLoading(true);
      const [, , narrowed] = JSON.parse(asked) as [string, string | null, Record<string, string>];
      const query = { ...narrowed, limit: PAGE, cursor: before.at(-1)?.next ?? undefined };
      const round = (rounds.current += 1);
      const isOvertaken = () => signal?.aborted === true || current.current !== asked;
      try {
        const page = await client.get<CallsPageAnswer>(`${api}/calls`, query, signal);
        if (isOvertaken()) return;
        setFound({ asked, pages: [...before, page] });
        setFault(undefined);
      } catch (error) {
        // What a later request has answered is not lost to an earlier one that ends now.
        if (isOvertaken() || rounds.current !== round) return;
        setFault(asFault(error));
      }
      setIsLoading(false);
    },
    [client, api, asked],
  );
  const isKept = useRef(found !== undefined && found.pages.length > 1);
  useEffect(() => {
    const leaving = new AbortController();
    // Several loaded pages stay as they are; a single one is refreshed.
    if (isKept.current) setIsLoading(false);
    else void load([], leaving.signal);
    isKept.current = false;
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
  const isMissing = fault !== undefined || isLoading;
  useWhenLiveAgain(useCallback(() => void (isMissing && load([])), [isMissing, load]));
  return {
    calls: pages?.flatMap((page) => page.calls),
    hasMore: pages?.at(-1)?.next != null,
    searchedSince: pages?.at(-1)?.searchedSince,
    isLoading,
    fault,
    more: () => void load(pages ?? []),
    reload: () => void load([]),
  };
}

/** Keeps the list and the position when the page is left, and restores both on return. */
function usePlaceKept(found: Found | undefined): void {
  const known = useRef(found);
  useEffect(() => void (known.current = found), [found]);
  useLayoutEffect(() => {
    const place = left !== undefined && left.asked === known.current?.asked ? left.scrolledTo : 0;
    if (place > 0) scrollTo({ top: place });
    let scrolledTo = place;
    const look = () => (scrolledTo = window.scrollY);
    addEventListener('scroll', look, { passive: true });
    return () => {
      removeEventListener('scroll', look);
      if (known.current !== undefined) left = { ...known.current, scrolledTo };
    };
  }, []);
}
