/** What a stream reads: whose events, and by which of the two numberings its cursor counts. */
import type { AgentName, TenantId } from '../common/ids.js';
import type { EventFilter, PlatformFilter } from './event-filter.js';
import type { LoggedEvent } from './event.js';
import type { EventLog } from './event-log.js';
import type { EventRouter, Receive } from './event-router.js';
import { type Delivery, eventFrame, platformFrame } from './sse-frame.js';

/** Where a numbering begins and ends: numbers in (`expiredUntil`, `last`] can be read. */
export interface Bounds {
  readonly last: number;
  readonly expiredUntil: number;
}

export interface Reading {
  /** From now on, every event that is routed to this reader. Returns how to leave. */
  register(receive: Receive): () => void;
  bounds(): Promise<Bounds>;
  read(after: number, limit: number): Promise<LoggedEvent[]>;
  /** The number that the reader's cursor counts; null: ephemeral. */
  numberOf(event: LoggedEvent): number | null;
  frameOf(event: LoggedEvent): Buffer;
  /** As {@link frameOf}, made once for all readers of the event. */
  sharedFrameOf(delivery: Delivery): Buffer;
  /** What `connected` says besides the cursor. */
  readonly greeting: Readonly<Record<string, unknown>>;
}

/** One tenant's own events, by its own numbers (`seq`). */
export class TenantReading implements Reading {
  readonly greeting: Readonly<Record<string, unknown>>;

  constructor(
    private readonly log: EventLog,
    private readonly router: EventRouter,
    private readonly tenantId: TenantId,
    private readonly filter: EventFilter,
    agents: readonly AgentName[],
  ) {
    this.greeting = { tenant: tenantId, agents };
  }

  register(receive: Receive): () => void {
    return this.router.register(this.tenantId, this.filter, receive);
  }

  async bounds(): Promise<Bounds> {
    const { seq, expiredUntil } = await this.log.tenantHead(this.tenantId);
    return { last: seq, expiredUntil };
  }

  read(after: number, limit: number): Promise<LoggedEvent[]> {
    return this.log.read(this.tenantId, after, limit, this.filter);
  }

  numberOf({ seq }: LoggedEvent): number | null {
    return seq;
  }

  frameOf(event: LoggedEvent): Buffer {
    return eventFrame(event);
  }

  sharedFrameOf(delivery: Delivery): Buffer {
    return delivery.frame;
  }
}

/** Everybody's events, nobody's included, by the platform's numbers (`position`): for admins. */
export class PlatformReading implements Reading {
  readonly greeting: Readonly<Record<string, unknown>>;

  constructor(
    private readonly log: EventLog,
    private readonly router: EventRouter,
    private readonly filter: PlatformFilter,
  ) {
    const { tenants, agents, unassigned } = filter;
    this.greeting = { tenant: null, tenants: tenants && [...tenants], agents: agents && [...agents], unassigned };
  }

  register(receive: Receive): () => void {
    return this.router.registerAcrossTenants(this.filter, receive);
  }

  async bounds(): Promise<Bounds> {
    return { last: await this.log.headPosition(), expiredUntil: 0 };
  }

  read(after: number, limit: number): Promise<LoggedEvent[]> {
    return this.log.readAcrossTenants(after, limit, this.filter);
  }

  numberOf({ position, ephemeral }: LoggedEvent): number | null {
    return ephemeral ? null : position;
  }

  frameOf(event: LoggedEvent): Buffer {
    return platformFrame(event);
  }

  sharedFrameOf(delivery: Delivery): Buffer {
    return delivery.platformFrame;
  }
}
