/** A customer's calls as they happen: what is in progress, then the stream from exactly there, for as long as the page is open. */
import type { CallSummary } from '../../../calls/fold/call-view.js';
import type { Client } from '../api/client.js';
import { asFault } from '../api/problem.js';
import { LiveCalls } from '../live/live-calls.js';
import { Reconciling } from '../live/reconciling.js';
import type { Connection } from '../stream/connection.js';
import { callIdOf, type StreamFrame } from '../stream/frame.js';
import { SharedFeed } from '../stream/shared-feed.js';
import { createStore } from '../ui/store.js';

interface LivePage {
  readonly calls: readonly CallSummary[];
  readonly next: string | null;
  readonly cursor: number;
}

const PAGE = 200;
const RETRY_MS = 2000;

type FrameListener = (frames: readonly StreamFrame[]) => void;

export class CallsFeed {
  readonly calls = new LiveCalls();
  readonly connection = createStore<Connection>({ kind: 'connecting' });
  /** True once it is known what is in progress. */
  readonly isLoaded = createStore(false);
  private readonly ofCall = new Map<string, Set<FrameListener>>();
  private feed: SharedFeed | undefined;
  private closed = false;
  private readonly reconciling = new Reconciling(() => this.reconcile());
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: Client,
    private readonly tenant: string | null,
    /** Of the tabs that share a stream; null: this one does not. */
    private readonly shareAs: string | null,
    private readonly isStillAllowed: () => Promise<boolean>,
  ) {
    void this.start();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.reconciling.close();
    this.feed?.close();
    this.calls.close();
  }

  /** Frames of one call, as they come. */
  follow(callId: string, listener: FrameListener): () => void {
    const listeners = this.ofCall.get(callId) ?? new Set();
    this.ofCall.set(callId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.ofCall.delete(callId);
    };
  }

  private async start(): Promise<void> {
    this.feed?.close();
    try {
      const { calls, cursor } = await this.inProgress();
      if (this.closed) return;
      this.calls.load(calls, cursor);
      this.isLoaded.set(true);
      this.listen(cursor);
    } catch (error) {
      if (this.closed) return;
      const isRefused = asFault(error).endsSession && !(await this.isStillAllowed());
      this.connection.set(isRefused ? { kind: 'ended' } : { kind: 'reconnecting', reason: 'network' });
      if (!isRefused) this.retry = setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  private async reconcile(): Promise<void> {
    const { calls, cursor } = await this.inProgress();
    this.calls.reconcile(calls, cursor);
  }

  /** The first page is the oldest: from its cursor on, events say what the others may have missed. */
  private async inProgress(): Promise<{ calls: CallSummary[]; cursor: number }> {
    const query = { state: 'live', limit: PAGE };
    let page = await this.client.get<LivePage>('/v1/calls', query);
    const { cursor } = page;
    const calls = [...page.calls];
    while (page.next !== null) {
      page = await this.client.get<LivePage>('/v1/calls', { ...query, cursor: page.next });
      calls.push(...page.calls);
    }
    return { calls, cursor };
  }

  private listen(cursor: number): void {
    const feed = new SharedFeed({
      ...{ client: this.client, path: '/v1/events', cursor, shareAs: this.shareAs },
      isOwn: ({ data }) => data['tenant'] === this.tenant,
      onFrames: (frames) => this.take(frames),
      onGap: () => void this.start(),
      isStillAllowed: this.isStillAllowed,
    });
    this.feed = feed;
    feed.connection.subscribe(() => this.connection.set(feed.connection.get()));
    this.connection.set(feed.connection.get());
  }

  private take(frames: readonly StreamFrame[]): void {
    if (this.calls.apply(frames)) this.reconciling.soon();
    // Which agents are one's own is the session's to know.
    if (frames.some(({ type }) => type === 'agents.changed')) void this.isStillAllowed();
    if (this.ofCall.size === 0) return;
    for (const [callId, listeners] of this.ofCall) {
      const own = frames.filter((frame) => callIdOf(frame) === callId);
      if (own.length > 0) for (const listener of listeners) listener(own);
    }
  }
}
