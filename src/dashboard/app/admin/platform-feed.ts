/** All customers' calls as they happen: what is in progress, then the platform's stream from exactly there. */
import type { CallSummary } from '../../../calls/call-view.js';
import { cookieClient } from '../api/client.js';
import { asFault } from '../api/problem.js';
import { LiveCalls } from '../live/live-calls.js';
import { lookAgain } from '../session/session.js';
import type { Connection } from '../stream/connection.js';
import { EventFeed } from '../stream/event-feed.js';
import { CONTROL_TYPES, type StreamFrame, callIdOf, isStreamGap } from '../stream/frame.js';
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
/** Owners of calls that are no longer shown are forgotten now and then. */
const MAX_OWNERS = 20_000;

export class PlatformFeed {
  readonly calls = new LiveCalls();
  readonly connection = createStore<Connection>({ kind: 'connecting' });
  readonly isLoaded = createStore(false);
  private owners = new Map<string, string | null>();
  private readonly listeners = new Set<FrameListener>();
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
    this.feed?.close();
    this.calls.close();
  }

  /** Whose call it is: null: nobody's. */
  ownerOf(callId: string): string | null {
    return this.owners.get(callId) ?? null;
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
      for (const { callId, tenant } of calls) this.owners.set(callId, tenant);
      this.calls.load(calls, cursor);
      this.isLoaded.set(true);
      this.feed = new EventFeed(cookieClient, '/v1/admin/events', {
        onFrames: (frames) => this.take(frames),
        onConnection: (connection) => this.connection.set(connection),
        cursor: () => this.cursor,
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
    for (const frame of frames) {
      this.cursor = frame.seq ?? this.cursor;
      const callId = callIdOf(frame);
      const { tenant } = frame.data;
      if (callId !== null && frame.seq !== null) this.owners.set(callId, typeof tenant === 'string' ? tenant : null);
    }
    this.calls.apply(frames);
    for (const listener of this.listeners) listener(frames);
    if (this.owners.size > MAX_OWNERS)
      this.owners = new Map(this.calls.ids.get().map((callId) => [callId, this.ownerOf(callId)]));
  }
}

const isStillAllowed = () => lookAgain('token-missing');

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
