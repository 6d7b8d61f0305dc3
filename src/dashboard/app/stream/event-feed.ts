/**
 * One EventSource, kept open for as long as the reader may listen. After a lost connection the browser itself
 * reconnects with its last id. It gives up on any answer other than 200, and does not notice a silent connection: in
 * these cases the stream is opened again here, after the cursor that the reader has reached.
 */
import type { Client } from '../api/client.js';
import { asFault } from '../api/problem.js';
import type { Connection } from './connection.js';
import { CONTROL_TYPES, EVENT_TYPES, type StreamFrame } from './frame.js';
import { type Sign, SignOfLife } from './sign-of-life.js';

/** The wait before a stream that the browser has given up on is opened again; grows up to the longest. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;

export interface FeedListener {
  /** Frames as they come, the stream's own included; several that came together come together. */
  onFrames(frames: readonly StreamFrame[]): void;
  onConnection(connection: Connection): void;
  /** How far the reader has got: where to go on from. */
  cursor(): number;
  /** Whether the server has an event that has not come here. Rejects with a Fault. */
  isBehind(signal: AbortSignal): Promise<boolean>;
  /** Called when the server has refused: false ends the feed. */
  isStillAllowed(): Promise<boolean>;
}

type Reason = Extract<Connection, { kind: 'reconnecting' }>['reason'];

export class EventFeed {
  private source: EventSource | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private retryMs = FIRST_RETRY_MS;
  private lastId = '';
  private closing: Reason | undefined;
  private isCaughtUp = false;
  /** The reader's position when the server was found to have more. */
  private behindAt: number | undefined;
  /** The server answered while the stream was being opened. */
  private isOvertaken = false;
  private closed = false;
  private frames: StreamFrame[] = [];
  private readonly types = new Set([...CONTROL_TYPES, ...EVENT_TYPES]);
  /** Flushes what one read of the socket brought; a timer would be slowed down in a tab behind another. */
  private readonly flushes = new MessageChannel();
  private readonly signs = new SignOfLife({
    ask: (signal) => this.askForSign(signal),
    onSign: (sign) => this.take(sign),
  });

  constructor(
    private readonly client: Client,
    private readonly path: string,
    private readonly listener: FeedListener,
  ) {
    this.flushes.port1.onmessage = () => this.flush();
    addEventListener('online', this.reopen);
    void this.open();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    removeEventListener('online', this.reopen);
    this.signs.close();
    this.source?.close();
    this.flushes.port1.close();
  }

  /** The log has shown a type without a listener. */
  learn(type: string): void {
    if (this.types.has(type)) return;
    this.types.add(type);
    this.source?.addEventListener(type, this.receive);
  }

  private readonly reopen = (): void => {
    this.isCaughtUp = false;
    clearTimeout(this.retry);
    this.source?.close();
    void this.open();
  };

  private async open(): Promise<void> {
    try {
      const cursor = this.listener.cursor();
      const url = await this.client.streamUrl(this.path, String(cursor));
      if (this.closed) return;
      this.lastId = String(cursor);
      const source = new EventSource(url);
      this.source = source;
      for (const type of this.types) source.addEventListener(type, this.receive);
      source.onerror = () => this.failed(source);
    } catch (error) {
      if (asFault(error).endsSession) void this.refused();
      else this.retryLater();
    }
  }

  private readonly receive = (event: MessageEvent<string>): void => {
    const isDurable = event.lastEventId !== this.lastId;
    this.lastId = event.lastEventId;
    const data = parse(event.data);
    if (event.type === 'connected') this.retryMs = FIRST_RETRY_MS;
    if (event.type === 'log.caught_up') this.connected();
    if (event.type === 'stream.closing') this.closing = reasonOf(data['type']);
    if (this.frames.length === 0) this.flushes.port2.postMessage(null);
    const isControl = CONTROL_TYPES.includes(event.type);
    this.frames.push({ type: event.type, seq: isDurable && !isControl ? Number(event.lastEventId) : null, data });
  };

  private flush(): void {
    const frames = this.frames;
    this.frames = [];
    this.signs.heard();
    if (!this.closed) this.listener.onFrames(frames);
  }

  private connected(): void {
    this.closing = undefined;
    this.isCaughtUp = true;
    this.listener.onConnection({ kind: 'live' });
  }

  private failed(source: EventSource): void {
    if (this.closed || source !== this.source) return;
    this.isCaughtUp = false;
    this.listener.onConnection({ kind: 'reconnecting', reason: this.closing ?? 'network' });
    if (source.readyState === EventSource.CLOSED) void this.refused();
  }

  /** Asks first for something that needs no database: a server that is only slow must keep its readers' streams. */
  private async askForSign(signal: AbortSignal): Promise<Sign> {
    await this.client.get('/healthz', {}, signal);
    try {
      return (await this.listener.isBehind(signal)) ? 'behind' : 'alive';
    } catch (error) {
      const fault = asFault(error);
      if (fault.endsSession) void this.refused();
      return fault.slug === 'unavailable' ? 'unavailable' : 'alive';
    }
  }

  private take(sign: Sign): void {
    const cursor = this.listener.cursor();
    const wasBehind = this.behindAt === cursor;
    this.behindAt = sign === 'behind' ? cursor : undefined;
    const wasOvertaken = this.isOvertaken;
    this.isOvertaken = sign !== 'unreachable' && this.source?.readyState === EventSource.CONNECTING;
    if (sign === 'unreachable' || (wasOvertaken && this.isOvertaken)) this.reopenAfter('network');
    // Seen once, the event may still be on its way.
    else if (sign === 'behind' && wasBehind) this.reopenAfter('network');
    else if (sign === 'unavailable') this.listener.onConnection({ kind: 'reconnecting', reason: 'unavailable' });
    else if (sign === 'alive' && this.isCaughtUp) this.listener.onConnection({ kind: 'live' });
  }

  private reopenAfter(reason: Reason): void {
    this.listener.onConnection({ kind: 'reconnecting', reason });
    this.reopen();
  }

  /** Is this reader refused, or is the server unwell? */
  private async refused(): Promise<void> {
    if (await this.listener.isStillAllowed()) return this.retryLater();
    if (this.closed) return;
    this.listener.onConnection({ kind: 'ended' });
    this.close();
  }

  private retryLater(): void {
    if (this.closed) return;
    this.retry = setTimeout(() => void this.open(), this.retryMs * (0.5 + Math.random() / 2));
    this.retryMs = Math.min(LONGEST_RETRY_MS, this.retryMs * 2);
  }
}

function reasonOf(type: unknown): Reason {
  if (type === '/problems/too-many-streams') return 'busy';
  return type === '/problems/unavailable' ? 'unavailable' : 'closed';
}

function parse(text: string): StreamFrame['data'] {
  const data: unknown = JSON.parse(text);
  return typeof data === 'object' && data !== null ? (data as StreamFrame['data']) : {};
}
