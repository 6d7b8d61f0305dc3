/**
 * One stream for all tabs of a session. A browser opens six connections to an HTTP/1.1 server, so with one stream per
 * tab the seventh tab would hang. The tab that holds a lock reads the stream and passes its frames on. When it closes,
 * the browser gives the lock to another tab, which goes on from its own cursor. {@link Continuity} in each tab finds
 * the holes and repeats that this may cause. A tab that holds the lock but does nothing (frozen or hanging) is found by
 * the visible tabs: they ask it at intervals, and take the lock away from it. Without locks (plain http to another
 * machine) each tab has its own stream.
 */
import type { Client } from '../api/client.js';
import { createStore } from '../common/store.js';
import type { Connection } from './connection.js';
import { Continuity, type Source } from './continuity.js';
import { EventFeed } from './event-feed.js';
import { type StreamFrame, isStreamGap } from './frame.js';

export interface FeedOptions {
  readonly client: Client;
  readonly path: string;
  /** The cursor from which what comes is to be passed on. */
  readonly cursor: number;
  readonly source: Source;
  /** Names the tabs that share: the same reader with the same rights. Null: this tab reads alone. */
  readonly shareAs: string | null;
  /** Whether a stream with this greeting is this reader's. */
  readonly isOwn: (greeting: StreamFrame) => boolean;
  readonly onFrames: (frames: readonly StreamFrame[]) => void;
  /** The cursor was too old or not of this log: the page must be loaded again. */
  readonly onGap: () => void;
  readonly isStillAllowed: () => Promise<boolean>;
}

type Word =
  | { readonly kind: 'frames'; readonly frames: readonly StreamFrame[] }
  /** How the reading tab stands, and how far it has got. */
  | { readonly kind: 'connection'; readonly connection: Connection; readonly cursor: number }
  | { readonly kind: 'hello' }
  | { readonly kind: 'gap' };

/** How often a visible tab asks the reading tab, and after how many unanswered questions it reads itself. */
const ASK_MS = 2000;
const MAX_UNANSWERED = 3;

export class SharedFeed {
  readonly connection = createStore<Connection>({ kind: 'connecting' });
  private readonly continuity: Continuity;
  private readonly channel: BroadcastChannel | undefined;
  private readonly stopping = new AbortController();
  private feed: EventFeed | undefined;
  private queued = new AbortController();
  private unanswered = 0;
  private asking: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly options: FeedOptions) {
    this.continuity = new Continuity(options.client, options.source, options.cursor, (frames) => this.pass(frames));
    if (options.shareAs === null || !('locks' in navigator)) {
      this.lead();
      return;
    }
    this.channel = new BroadcastChannel(options.shareAs);
    this.channel.onmessage = ({ data }: MessageEvent<Word>) => this.hear(data);
    this.channel.postMessage({ kind: 'hello' } satisfies Word);
    this.asking = setInterval(() => this.askReader(), ASK_MS);
    this.queue();
  }

  close(): void {
    this.stopping.abort();
    this.queued.abort();
    clearInterval(this.asking);
    this.feed?.close();
    this.continuity.close();
    this.channel?.close();
  }

  /** Waits for its turn to read. `steal`: takes the lock from the tab that has it. */
  private queue(steal = false): void {
    this.queued = new AbortController();
    const options = steal ? { steal } : { signal: this.queued.signal };
    const held = navigator.locks.request(this.options.shareAs ?? '', options, () => this.leadUntilClosed());
    held.catch(() => this.deposed());
  }

  /** Closed before its turn came; or another tab has heard nothing of this one, and reads now. */
  private deposed(): void {
    if (this.stopping.signal.aborted || this.feed === undefined) return;
    this.feed.close();
    this.feed = undefined;
    this.queue();
    this.channel?.postMessage({ kind: 'hello' } satisfies Word);
  }

  private askReader(): void {
    if (this.feed !== undefined || document.visibilityState !== 'visible') return;
    this.unanswered += 1;
    if (this.unanswered <= MAX_UNANSWERED) this.channel?.postMessage({ kind: 'hello' } satisfies Word);
    else {
      this.unanswered = 0;
      this.connection.set({ kind: 'reconnecting', reason: 'network' });
      this.queued.abort();
      this.queue(true);
    }
  }

  private leadUntilClosed(): Promise<void> {
    if (this.stopping.signal.aborted) return Promise.resolve();
    this.lead();
    return new Promise((resolve) => this.stopping.signal.addEventListener('abort', () => resolve()));
  }

  private lead(): void {
    const { client, path, isStillAllowed } = this.options;
    this.feed = new EventFeed(client, path, {
      onFrames: (frames) => this.read(frames),
      onConnection: (connection) => this.tell(connection),
      cursor: () => this.continuity.cursor,
      isBehind: (signal) => this.continuity.isBehind(signal),
      isStillAllowed,
    });
  }

  private read(frames: readonly StreamFrame[]): void {
    const greeting = frames.find(({ type }) => type === 'connected');
    if (greeting !== undefined && !this.options.isOwn(greeting)) {
      // The cookie has changed in another tab: the frames are not for this page.
      this.feed?.close();
      void this.options.isStillAllowed();
      return;
    }
    const gap = frames.find(isStreamGap);
    if (gap) {
      this.channel?.postMessage({ kind: 'gap' } satisfies Word);
      this.options.onGap();
      return;
    }
    this.channel?.postMessage({ kind: 'frames', frames } satisfies Word);
    this.continuity.receive(frames);
  }

  private tell(connection: Connection): void {
    this.connection.set(connection);
    const { cursor } = this.continuity;
    this.channel?.postMessage({ kind: 'connection', connection, cursor } satisfies Word);
  }

  private hear(word: Word): void {
    if (word.kind !== 'hello') this.unanswered = 0;
    switch (word.kind) {
      case 'frames':
        return this.continuity.receive(word.frames);
      case 'connection':
        this.connection.set(word.connection);
        this.continuity.catchUp(word.cursor);
        if (word.connection.kind === 'ended') void this.options.isStillAllowed();
        return;
      case 'gap':
        return this.options.onGap();
      case 'hello':
        if (this.feed) this.tell(this.connection.get());
    }
  }

  private pass(frames: readonly StreamFrame[]): void {
    for (const { type, seq } of frames) if (seq !== null) this.feed?.learn(type);
    this.options.onFrames(frames);
  }
}
