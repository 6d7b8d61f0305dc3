/**
 * One reader's stream: a greeting, the backlog after its cursor, then live, nothing lost or repeated in between. It registers
 * with the router *before* it reads the backlog, so that what is committed meanwhile queues; then it drops from the queue what
 * the backlog has already sent. A queue that overflows is thrown away and read from the log instead, and so is what comes in
 * while the client has more than it can take: it falls back to the log until it has caught up.
 */
import type { LoggedEvent } from './event.js';
import type { Outlet } from './outlet.js';
import type { Bounds, Reading } from './reading.js';
import { Delivery, controlFrame } from './sse-frame.js';

/** Longest page of a backlog; bounds memory a connection. */
const PAGE = 200;
/** Live events that may wait while the backlog is read. */
const MAX_QUEUED = 1000;

export interface StreamStart {
  /** What the client says it has seen: anything. */
  readonly cursor: string | undefined;
  /** Where to begin without a cursor. */
  readonly from: 'live' | 'start';
}

interface Start {
  readonly after: number;
  readonly gap: { readonly after: number | string; readonly reason: 'expired' | 'unknown' } | undefined;
}

export class EventStream {
  private queue: Delivery[] | undefined = [];
  private overflowed = false;
  private caughtUp = false;
  private stopped = false;
  /** By the reading's numbering. */
  private last = 0;
  private lastPosition = 0;
  private leave: (() => void) | undefined;

  constructor(
    private readonly reading: Reading,
    private readonly request: StreamStart,
    private readonly outlet: Outlet,
    private readonly write: (frame: Buffer) => void,
    private readonly fail: (error: unknown) => void,
  ) {}

  /** Resolves when the stream is live; from then on frames come by themselves until {@link stop}. */
  async start(): Promise<void> {
    this.leave = this.reading.register((delivery) => this.receive(delivery));
    const start = chooseStart(this.request, await this.reading.bounds());
    if (this.stopped) return;
    this.greet(start);
    this.last = start.after;
    if (this.request.cursor === undefined && this.request.from === 'live') this.joinLive();
    else await this.replay();
  }

  stop(): void {
    this.stopped = true;
    this.leave?.();
    this.queue = undefined;
  }

  /** The number up to which the reader has been sent everything. */
  get cursor(): number {
    return this.last;
  }

  /** False while it is behind, and served from the log. */
  get isLive(): boolean {
    return this.queue === undefined && !this.stopped;
  }

  private receive(delivery: Delivery): void {
    if (this.queue === undefined) {
      if (!this.isNew(delivery.event)) return;
      this.write(this.reading.sharedFrameOf(delivery));
      if (this.outlet.isFull) this.fallBack();
    } else if (this.queue.length < MAX_QUEUED) {
      this.queue.push(delivery);
    } else {
      this.queue = [];
      this.overflowed = true;
    }
  }

  /** False for what the backlog has sent, and for an ephemeral event that stood before its end: it would overtake. */
  private isNew(event: LoggedEvent): boolean {
    const number = this.reading.numberOf(event);
    if (number === null) return event.position >= this.lastPosition;
    if (number <= this.last) return false;
    this.last = number;
    return true;
  }

  private greet({ after, gap }: Start): void {
    this.write(controlFrame('connected', { ...this.reading.greeting, after }, after));
    if (gap) this.write(controlFrame('log.gap', { after: gap.after, resumeFrom: after, reason: gap.reason }));
  }

  /** Sends the log from where the reader stands, page by page as its socket drains, then joins what is live. */
  private async replay(): Promise<void> {
    for (;;) {
      this.overflowed = false;
      const page = await this.reading.read(this.last, PAGE);
      for (const event of page) {
        if (this.stopped) return;
        this.sendFromLog(event);
        await this.outlet.room();
      }
      if (page.length < PAGE && !this.overflowed) break;
    }
    if (!this.stopped) this.joinLive();
  }

  /** Live events queue from here on, as at the start, and the log is read once the socket has drained. */
  private fallBack(): void {
    this.queue = [];
    this.outlet
      .room()
      .then(() => this.replay())
      .catch(this.fail);
  }

  private sendFromLog(event: LoggedEvent): void {
    this.write(this.reading.frameOf(event));
    this.last = this.reading.numberOf(event) ?? this.last;
    this.lastPosition = event.position;
  }

  private joinLive(): void {
    if (!this.caughtUp) this.write(controlFrame('log.caught_up', { id: this.last }));
    this.caughtUp = true;
    const queued = this.queue ?? [];
    this.queue = undefined;
    for (const delivery of queued) this.receive(delivery);
  }
}

/** Where a stream begins (api.md); a cursor that cannot be honoured is never passed over in silence. */
export function chooseStart({ cursor, from }: StreamStart, { last, expiredUntil }: Bounds): Start {
  if (cursor === undefined) return { after: from === 'live' ? last : expiredUntil, gap: undefined };
  const after = /^\d{1,15}$/.test(cursor) ? Number(cursor) : undefined;
  if (after === undefined || after > last) {
    return { after: last, gap: { after: after ?? cursor.slice(0, 64), reason: 'unknown' } };
  }
  if (after < expiredUntil) return { after: expiredUntil, gap: { after, reason: 'expired' } };
  return { after, gap: undefined };
}
