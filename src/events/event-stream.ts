/**
 * One reader's stream: a greeting, the backlog after its cursor, then live, nothing lost or repeated in between. It registers
 * with the router *before* it reads the backlog, so that what is committed meanwhile queues; then it drops from the queue what
 * the backlog has already sent. A queue that overflows is thrown away and read from the log instead, and so is what comes in
 * while the client has more than it can take: it falls back to the log until it has caught up.
 */
import type { TenantId } from '../common/ids.js';
import type { EventFilter } from './event-filter.js';
import type { LoggedEvent } from './event.js';
import type { EventLog, TenantHead } from './event-log.js';
import type { EventRouter } from './event-router.js';
import type { Outlet } from './outlet.js';
import { Delivery, controlFrame, eventFrame } from './sse-frame.js';

/** Longest page of a backlog; bounds memory a connection. */
const PAGE = 200;
/** Live events that may wait while the backlog is read. */
const MAX_QUEUED = 1000;

export interface StreamRequest {
  readonly tenantId: TenantId;
  readonly filter: EventFilter;
  /** What the client says it has seen: anything. */
  readonly cursor: string | undefined;
  /** Where to begin without a cursor. */
  readonly from: 'live' | 'start';
  /** The agents named in the greeting. */
  readonly agents: readonly string[];
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
  private lastSeq = 0;
  private lastPosition = 0;
  private leave: (() => void) | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly router: EventRouter,
    private readonly request: StreamRequest,
    private readonly outlet: Outlet,
    private readonly write: (frame: Buffer) => void,
    private readonly fail: (error: unknown) => void,
  ) {}

  /** Resolves when the stream is live; from then on frames come by themselves until {@link stop}. */
  async start(): Promise<void> {
    const { tenantId, filter } = this.request;
    this.leave = this.router.register(tenantId, filter, (delivery) => this.receive(delivery));
    const start = chooseStart(this.request, await this.log.tenantHead(tenantId));
    if (this.stopped) return;
    this.greet(start);
    this.lastSeq = start.after;
    if (this.request.cursor === undefined && this.request.from === 'live') this.joinLive();
    else await this.replay();
  }

  stop(): void {
    this.stopped = true;
    this.leave?.();
    this.queue = undefined;
  }

  private receive(delivery: Delivery): void {
    if (this.queue === undefined) {
      if (!this.isNew(delivery.event)) return;
      this.write(delivery.frame);
      if (this.outlet.isFull) this.fallBack();
    } else if (this.queue.length < MAX_QUEUED) {
      this.queue.push(delivery);
    } else {
      this.queue = [];
      this.overflowed = true;
    }
  }

  /** False for what the backlog has sent, and for an ephemeral event that stood before its end: it would overtake. */
  private isNew({ seq, position }: LoggedEvent): boolean {
    if (seq === null) return position >= this.lastPosition;
    if (seq <= this.lastSeq) return false;
    this.lastSeq = seq;
    return true;
  }

  private greet({ after, gap }: Start): void {
    const { tenantId, agents } = this.request;
    this.write(controlFrame('connected', { tenant: tenantId, agents, after }, after));
    if (gap) this.write(controlFrame('log.gap', { after: gap.after, resumeFrom: after, reason: gap.reason }));
  }

  /** Sends the log from where the reader stands, page by page as its socket drains, then joins what is live. */
  private async replay(): Promise<void> {
    const { tenantId, filter } = this.request;
    for (;;) {
      this.overflowed = false;
      const page = await this.log.read(tenantId, this.lastSeq, PAGE, filter);
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
    this.write(eventFrame(event));
    this.lastSeq = event.seq ?? this.lastSeq;
    this.lastPosition = event.position;
  }

  private joinLive(): void {
    if (!this.caughtUp) this.write(controlFrame('log.caught_up', { id: this.lastSeq }));
    this.caughtUp = true;
    const queued = this.queue ?? [];
    this.queue = undefined;
    for (const delivery of queued) this.receive(delivery);
  }
}

/** Where a stream begins (api.md); a cursor that cannot be honoured is never passed over in silence. */
export function chooseStart({ cursor, from }: Pick<StreamRequest, 'cursor' | 'from'>, head: TenantHead): Start {
  if (cursor === undefined) return { after: from === 'live' ? head.seq : head.expiredUntil, gap: undefined };
  const after = /^\d{1,15}$/.test(cursor) ? Number(cursor) : undefined;
  if (after === undefined || after > head.seq) {
    return { after: head.seq, gap: { after: after ?? cursor.slice(0, 64), reason: 'unknown' } };
  }
  if (after < head.expiredUntil) return { after: head.expiredUntil, gap: { after, reason: 'expired' } };
  return { after, gap: undefined };
}
