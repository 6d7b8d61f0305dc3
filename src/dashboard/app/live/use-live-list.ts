/**
 * The calls in progress as the viewer wants them: searched, by agent, in an order; all of it is in the page's address.
 */
import { useContext, useMemo, useRef } from 'react';
import { useSearchParams } from 'wouter';
import { callerName } from '../calls/call-facts.js';
import { serverNow, useSeconds } from '../common/clock.js';
import { useStore } from '../common/store.js';
import { TenantNames } from '../ui/tenant-names.js';
import type { LiveCall } from '../workspace/live-call.js';
import { namingIn } from '../workspace/reach.js';
import { useWorkspace } from '../workspace/workspace.js';
import { needsOf, urgencyOf } from './attention.js';
import { pins } from './pins.js';

export const SORTS = ['attention', 'newest', 'longest'] as const;
export type Sort = (typeof SORTS)[number];

export interface LiveView {
  readonly q: string;
  readonly agent: string;
  readonly sort: Sort;
}

/** What stands in the address, and how it is changed. */
export function useLiveView(): [LiveView, (change: Partial<LiveView>) => void] {
  const [params, setParams] = useSearchParams();
  const sort = SORTS.find((one) => one === params.get('sort')) ?? 'attention';
  const view = { q: params.get('q') ?? '', agent: params.get('agent') ?? '', sort };
  const change = (next: Partial<LiveView>) => {
    const { q, agent, sort: order } = { ...view, ...next };
    const fields = { q, agent, sort: order === 'attention' ? '' : order };
    setParams(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')), { replace: true });
  };
  return [view, change];
}

interface LiveList {
  /** Keys, in the order in which they are shown. */
  readonly keys: readonly string[];
  readonly newest: string | undefined;
  /** How many of them are in progress, and how many ask for a person. */
  readonly inProgress: number;
  readonly wanted: number;
}

/** How often silence and length are checked. */
const LOOK_EVERY_SECONDS = 5;

/** `isHeld`: the order stands still, as while somebody points at it. */
export function useLiveList({ q, agent, sort }: LiveView, isHeld: boolean): LiveList {
  const workspace = useWorkspace();
  const { calls } = workspace.feed;
  const { showsTenant } = workspace;
  const nameOf = useContext(TenantNames);
  const ids = useStore(calls.ids);
  const pinned = useStore(pins);
  const look = Math.floor(useSeconds() / LOOK_EVERY_SECONDS);
  const found = useMemo(() => {
    const words = folded(q).split(/\s+/).filter(Boolean);
    return ids.filter((key) => {
      const call = calls.get(key);
      if (call === undefined || (agent !== '' && call.summary.agent !== agent)) return false;
      const text = words.length === 0 ? '' : folded(textOf(call, namingIn({ showsTenant }, key).tenant, nameOf));
      return words.every((word) => text.includes(word));
    });
  }, [ids, calls, q, agent, showsTenant, nameOf]);
  const keys = useMemo(() => {
    const [nowMs, serverMs] = [performance.now(), serverNow()];
    const rankOf = (key: string) => {
      const call = calls.get(key);
      if (call === undefined || sort === 'newest') return 0;
      return sort === 'longest' ? Date.parse(call.summary.startedAt) : urgencyOf(needsOf(call, nowMs, serverMs));
    };
    const ranks = new Map(found.map((key) => [key, rankOf(key)]));
    const isPinned = new Set(pinned);
    const place = (key: string) => (isPinned.has(key) ? 0 : 1);
    return [...found].sort(
      (one, other) => place(one) - place(other) || (ranks.get(one) ?? 0) - (ranks.get(other) ?? 0),
    );
    // `look`: time passes without any event.
  }, [found, calls, sort, pinned, look]);
  const shown = useHeld(keys, JSON.stringify([q, agent, sort, pinned]), isHeld);
  const count = (holds: (call: LiveCall) => boolean) =>
    found.reduce((sum, key) => sum + (isTrueOf(calls.get(key), holds) ? 1 : 0), 0);
  return {
    keys: shown,
    newest: found[0],
    inProgress: count(() => true),
    wanted: count(({ summary }) => summary.handoff?.state === 'requested'),
  };
}

function isTrueOf(call: LiveCall | undefined, holds: (call: LiveCall) => boolean): boolean {
  return call !== undefined && call.endedAtMs === null && holds(call);
}

/** Rows keep their places while somebody points at one, until another order is chosen; new rows come at the end. */
function useHeld(keys: readonly string[], asked: string, isHeld: boolean): readonly string[] {
  const stood = useRef({ keys, asked });
  if (!isHeld || stood.current.asked !== asked) stood.current = { keys, asked };
  const known = stood.current.keys;
  return useMemo(() => (known === keys ? keys : [...new Set([...known, ...keys])]), [known, keys]);
}

function textOf({ summary }: LiveCall, tenant: string | null | undefined, nameOf: (tenant: string) => string): string {
  const owner = typeof tenant === 'string' ? `${tenant} ${nameOf(tenant)}` : '';
  return `${callerName(summary)} ${summary.from} ${summary.to} ${summary.agent} ${summary.callId} ${owner}`;
}

/** Without case and accents. */
function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
