/** Calls as they happen: what is in progress, then the stream from exactly there, for as long as the page is open. */
import type { CallSummary } from '../../../calls/fold/call-view.js';
import { asFault } from '../api/problem.js';
import { createStore } from '../common/store.js';
import type { Connection } from '../stream/connection.js';
import { callIdOf, type StreamFrame } from '../stream/frame.js';
import { SharedFeed } from '../stream/shared-feed.js';
import { LiveCalls } from './live-calls.js';
import { type Reach, keyOf } from './reach.js';
import { Reconciling } from './reconciling.js';

export type ListedCall = CallSummary & { readonly tenant?: string | null };

interface LivePage {
  readonly calls: readonly ListedCall[];
  readonly next: string | null;
  readonly cursor: number;
}

const PAGE = 200;
const RETRY_MS = 2000;

type FrameListener = (frames: readonly StreamFrame[]) => void;

export interface CallsFeedOptions {
  readonly reach: Reach;
  /** Whose stream it is; null: the platform's. */
  readonly tenant: string | null;
  /** Of the tabs that share a stream; null: this one does not. */
  readonly shareAs: string | null;
  readonly isStillAllowed: () => Promise<boolean>;
}

export class CallsFeed {
  readonly calls = new LiveCalls((call) => keyOf(this.options.reach, call));
  readonly connection = createStore<Connection>({ kind: 'connecting' });
  /** True once it is known what is in progress. */
  readonly isLoaded = createStore(false);
  private readonly ofCall = new Map<string, Set<FrameListener>>();
  private readonly ofAll = new Set<FrameListener>();
  private feed: SharedFeed | undefined;
  private closed = false;
  private readonly reconciling = new Reconciling(() => this.reconcile());
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: CallsFeedOptions) {
    void this.start();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.reconciling.close();
    this.feed?.close();
    this.calls.close();
  }

  /** Frames of the calls of an id, as they come: across tenants there may be several. */
  follow(callId: string, listener: FrameListener): () => void {
    const listeners = this.ofCall.get(callId) ?? new Set();
    this.ofCall.set(callId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.ofCall.delete(callId);
    };
  }

  /** Every frame of the stream as it comes, what the stream says of itself included. */
  tap(listener: FrameListener): () => void {
    this.ofAll.add(listener);
    return () => this.ofAll.delete(listener);
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
      const isRefused = asFault(error).endsSession && !(await this.options.isStillAllowed());
      this.connection.set(isRefused ? { kind: 'ended' } : { kind: 'reconnecting', reason: 'network' });
      if (!isRefused) this.retry = setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  private async reconcile(): Promise<void> {
    const { calls, cursor } = await this.inProgress();
    this.calls.reconcile(calls, cursor);
  }

  /** The first page is the oldest: from its cursor on, events say what the others may have missed. */
  private async inProgress(): Promise<{ calls: ListedCall[]; cursor: number }> {
    const { client, api } = this.options.reach;
    const query = { state: 'live', limit: PAGE };
    let page = await client.get<LivePage>(`${api}/calls`, query);
    const { cursor } = page;
    const calls = [...page.calls];
    while (page.next !== null) {
      page = await client.get<LivePage>(`${api}/calls`, { ...query, cursor: page.next });
      calls.push(...page.calls);
    }
    return { calls, cursor };
  }

  private listen(cursor: number): void {
    const { reach, tenant, shareAs, isStillAllowed } = this.options;
    const { client, api } = reach;
    const newest = async (signal: AbortSignal) =>
      (await client.get<LivePage>(`${api}/calls`, { limit: 1 }, signal)).cursor;
    const feed = new SharedFeed({
      client,
      path: `${api}/events`,
      cursor,
      shareAs,
      // The platform's log is not read by pages: its stream is one tab's, which nothing comes between.
      source: tenant === null ? { newest } : { log: '/v1/log' },
      isOwn: ({ data }) => tenant === null || data['tenant'] === tenant,
      onFrames: (frames) => this.take(frames),
      onGap: () => void this.start(),
      isStillAllowed,
    });
    this.feed = feed;
    feed.connection.subscribe(() => this.connection.set(feed.connection.get()));
    this.connection.set(feed.connection.get());
  }

  private take(frames: readonly StreamFrame[]): void {
    if (this.calls.apply(frames)) this.reconciling.soon();
    for (const listener of this.ofAll) listener(frames);
    // Which agents are one's own is the session's to know.
    if (frames.some(({ type }) => type === 'agents.changed')) void this.options.isStillAllowed();
    if (this.ofCall.size === 0) return;
    for (const [callId, listeners] of this.ofCall) {
      const own = frames.filter((frame) => callIdOf(frame) === callId);
      if (own.length > 0) for (const listener of listeners) listener(own);
    }
  }
}
