/** All customers' calls as they happen: what is in progress, then the platform's stream from exactly there. */
import type { CallSummary } from '../../../calls/fold/call-view.js';
import { cookieClient } from '../api/client.js';
import { asFault } from '../api/problem.js';
import { type CallNaming, LiveCalls } from '../live/live-calls.js';
import { Reconciling } from '../live/reconciling.js';
import { lookAgain } from '../session/session.js';
import type { Connection } from '../stream/connection.js';
import { EventFeed } from '../stream/event-feed.js';
import { CONTROL_TYPES, type StreamFrame, isStreamGap } from '../stream/frame.js';
import { createStore } from '../ui/store.js';

export type PlatformCall = CallSummary & { readonly tenant: string | null };

interface LivePage {
  readonly calls: readonly PlatformCall[];
  readonly next: string | null;
  readonly cursor: number;
}

type FrameListener = (frames: readonly StreamFrame[]) => void;

const PAGE = 200;
const RETRY_MS = 2000;

/** Two customers may use the same id of a call; the customer's name has no "~" in it. */
export function platformKey({ tenant, callId }: CallNaming): string {
  return `${tenant ?? ''}~${callId}`;
}

export function namingIn(key: string): CallNaming {
  const end = key.indexOf('~');
  return { tenant: key.slice(0, Math.max(0, end)) || null, callId: key.slice(end + 1) };
}

export class PlatformFeed {
  readonly calls = new LiveCalls(platformKey);
  readonly connection = createStore<Connection>({ kind: 'connecting' });
  readonly isLoaded = createStore(false);
  private readonly listeners = new Set<FrameListener>();
  private readonly reconciling = new Reconciling(async () => {
    const { calls, cursor } = await inProgress();
    this.calls.reconcile(calls, cursor);
  });
  private feed: EventFeed | undefined;
  private cursor = 0;
  private closed = false;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    void this.start();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.reconciling.close();
    this.feed?.close();
    this.calls.close();
  }

  /** Frames of all calls, as they come. */
  listen(listener: FrameListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async start(): Promise<void> {
    this.feed?.close();
    try {
      const { calls, cursor } = await inProgress();
      if (this.closed) return;
      this.cursor = cursor;
      this.calls.load(calls, cursor);
      this.isLoaded.set(true);
      this.feed = new EventFeed(cookieClient, '/v1/admin/events', {
        onFrames: (frames) => this.take(frames),
        onConnection: (connection) => this.connection.set(connection),
        cursor: () => this.cursor,
        isBehind: async (signal) => (await newestPage(1, signal)).cursor > this.cursor,
        isStillAllowed,
      });
    } catch (error) {
      if (this.closed) return;
      const isRefused = asFault(error).endsSession && !(await isStillAllowed());
      this.connection.set(isRefused ? { kind: 'ended' } : { kind: 'reconnecting', reason: 'network' });
      if (!isRefused) this.retry = setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  private take(all: readonly StreamFrame[]): void {
    if (all.some(isStreamGap)) {
      void this.start();
      return;
    }
    const frames = all.filter(({ type, seq }) => !CONTROL_TYPES.includes(type) && (seq === null || seq > this.cursor));
    for (const { seq } of frames) this.cursor = seq ?? this.cursor;
    if (this.calls.apply(frames)) this.reconciling.soon();
    for (const listener of this.listeners) listener(frames);
  }
}

const isStillAllowed = () => lookAgain('token-missing');

function newestPage(limit: number, signal: AbortSignal): Promise<LivePage> {
  return cookieClient.get<LivePage>('/v1/admin/calls', { limit }, signal);
}

/** The first page is the oldest: from its cursor on, events say what the others may have missed. */
async function inProgress(): Promise<{ calls: PlatformCall[]; cursor: number }> {
  const query = { state: 'live', limit: PAGE };
  let page = await cookieClient.get<LivePage>('/v1/admin/calls', query);
  const { cursor } = page;
  const calls = [...page.calls];
  while (page.next !== null) {
    page = await cookieClient.get<LivePage>('/v1/admin/calls', { ...query, cursor: page.next });
    calls.push(...page.calls);
  }
  return { calls, cursor };
}
