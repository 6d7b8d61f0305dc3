/**
 * One reader's stream: a greeting, the backlog after its cursor, then live, nothing lost or repeated in between. It registers
 * with the router *before* it reads the backlog, so that what is committed meanwhile queues; then it drops from the queue what
 * the backlog has already sent. A queue that overflows is thrown away and read from the log instead.
 */
import type { TenantId } from '../common/ids.js';
import type { EventFilter } from './event-filter.js';
import type { LoggedEvent } from './event.js';
import type { EventLog, TenantHead } from './event-log.js';
import type { EventRouter } from './event-router.js';
import type { Outlet } from './outlet.js';
import { Delivery, controlFrame, eventFrame } from './sse-frame.js';

/** Longest page of a backlog; bounds memory a connection. */
const PAGE = 500;
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
  private lastSeq = 0;
  private lastPosition = 0;
  private leave: (() => void) | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly router: EventRouter,
    private readonly request: StreamRequest,
    private readonly outlet: Outlet,
    private readonly write: (frame: Buffer) => void,
  ) {}

  /** Resolves when the stream is live; from then on frames come by themselves until {@link stop}. */
  async start(signal: AbortSignal): Promise<void> {
    const { tenantId, filter } = this.request;
    this.leave = this.router.register(tenantId, filter, (delivery) => this.receive(delivery));
    const start = chooseStart(this.request, await this.log.tenantHead(tenantId));
    if (signal.aborted) return;
    this.greet(start);
    this.lastSeq = start.after;
    if (this.request.cursor === undefined && this.request.from === 'live') this.joinLive();
    else await this.replay(signal);
  }

  stop(): void {
    this.leave?.();
    this.queue = undefined;
  }

  private receive(delivery: Delivery): void {
    if (this.queue === undefined) {
      if (this.isNew(delivery.event)) this.write(delivery.frame);
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

  private async replay(signal: AbortSignal): Promise<void> {
    const { tenantId, filter } = this.request;
    for (;;) {
      this.overflowed = false;
      const page = await this.log.read(tenantId, this.lastSeq, PAGE, filter);
      if (signal.aborted) return;
      for (const event of page) this.sendFromLog(event);
      if (page.length < PAGE && !this.overflowed) break;
      await this.outlet.room(signal);
    }
    this.joinLive();
  }

  private sendFromLog(event: LoggedEvent): void {
    this.write(eventFrame(event));
    this.lastSeq = event.seq ?? this.lastSeq;
    this.lastPosition = event.position;
  }

  private joinLive(): void {
    this.write(controlFrame('log.caught_up', { id: this.lastSeq }));
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
