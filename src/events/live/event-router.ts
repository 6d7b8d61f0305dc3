/**
 * Finds the readers of an event. It is an index: tenant → agent or call → channels. A channel is all readers with the
 * same filter. Tenants are separated by a look-up, never by a predicate: a reader that is not registered gets nothing.
 * The cost of an event is one framing for each channel and one write for each reader. Events that come in the same turn
 * of the event loop go out together when the turn ends.
 */
import { Injectable } from '@nestjs/common';
import { Bus } from '../../bus/bus.js';
import type { TenantId } from '../../common/ids.js';
import { eventsOut } from '../../common/metrics.js';
import { type Delivery, deliveriesOf } from './delivery.js';
import type { LoggedEvent } from '../log/event.js';
import { EventFilter, PlatformFilter, typeMatcher } from '../log/event-filter.js';
import { type Numbering, PLATFORM_NUMBERING, TENANT_NUMBERING } from './frame.js';

/** Gets everything that is routed to the reader, in order. It must not throw and must not wait. */
export type Receive = (delivery: Delivery) => void;

/** Readers with the same filter. */
class Channel {
  readonly readers = new Set<Receive>();
  /** The events that the current turn of the event loop has brought so far. */
  pending: LoggedEvent[] = [];

  constructor(
    readonly numbering: Numbering,
    readonly wants: (event: LoggedEvent) => boolean,
  ) {}
}

type Index = Map<string, Set<Channel>>;

/** A tenant's channels. Each is in exactly one of the three indexes: the narrowest that its filter allows. */
class TenantChannels {
  readonly byFilter = new Map<string, Channel>();
  readonly all = new Set<Channel>();
  readonly byAgent: Index = new Map();
  readonly byCall: Index = new Map();
  /** The tenant's last number that was routed. */
  seen = 0;

  /** `unfollow` is called when nobody here reads the tenant any more. */
  constructor(readonly unfollow: () => void) {}
}

@Injectable()
export class EventRouter {
  private readonly tenants = new Map<TenantId, TenantChannels>();
  /** Admins. They are few, so a predicate for each is cheap. A tenant's reader is never among them. */
  private readonly acrossTenants = new Set<Channel>();
  private due: Channel[] = [];
  /** The last position that was routed. */
  private seen = 0;

  constructor(private readonly bus: Bus) {}

  /**
   * From now on the reader gets, in order, all of the tenant's events that the filter lets through. Returns a function
   * that ends this.
   */
  register(
    tenantId: TenantId,
    filter: EventFilter,
    receive: Receive,
    numbering: Numbering = TENANT_NUMBERING,
  ): () => void {
    const channels = this.tenants.get(tenantId) ?? new TenantChannels(this.bus.follow(tenantId));
    this.tenants.set(tenantId, channels);
    const key = `${numbering.name} ${keyOf(filter)}`;
    const channel = channels.byFilter.get(key) ?? new Channel(numbering, predicateOf(filter));
    if (channel.readers.size === 0) {
      channels.byFilter.set(key, channel);
      place(channels, filter, channel);
    }
    channel.readers.add(receive);
    return () => {
      if (!channel.readers.delete(receive) || channel.readers.size > 0) return;
      channels.byFilter.delete(key);
      displace(channels, filter, channel);
      if (channels.byFilter.size > 0) return;
      this.tenants.delete(tenantId);
      channels.unfollow();
    };
  }

  /**
   * The reader gets the events of all tenants and of nobody that an admin's filter lets through. Returns a function
   * that ends this.
   */
  registerAcrossTenants(
    filter: PlatformFilter,
    receive: Receive,
    numbering: Numbering = PLATFORM_NUMBERING,
  ): () => void {
    const channel = new Channel(numbering, platformPredicateOf(filter));
    channel.readers.add(receive);
    this.acrossTenants.add(channel);
    const unfollow = this.bus.followAcrossTenants();
    return () => {
      unfollow();
      channel.readers.delete(receive);
      this.acrossTenants.delete(channel);
    };
  }

  /**
   * Up to this number, a tenant's readers have been given all events that their filters let through since they were
   * registered. 0: something is on its way to them, or nothing has been routed yet.
   */
  seenOf(tenantId: TenantId): number {
    return this.due.length > 0 ? 0 : (this.tenants.get(tenantId)?.seen ?? 0);
  }

  get seenAcrossTenants(): number {
    return this.due.length > 0 ? 0 : this.seen;
  }

  deliver(event: LoggedEvent): void {
    if (!event.ephemeral) this.seen = event.position;
    this.collect(this.acrossTenants, event);
    const channels = event.tenantId === null ? undefined : this.tenants.get(event.tenantId);
    if (channels === undefined) return;
    channels.seen = event.seq ?? channels.seen;
    this.collect(channels.all, event);
    this.collect(channels.byAgent.get(event.agent), event);
    if (event.callId !== null) this.collect(channels.byCall.get(event.callId), event);
  }

  private collect(channels: ReadonlySet<Channel> | undefined, event: LoggedEvent): void {
    if (channels === undefined) return;
    for (const channel of channels) {
      if (!channel.wants(event)) continue;
      if (channel.pending.push(event) > 1) continue;
      if (this.due.push(channel) === 1) setImmediate(() => this.flush());
    }
  }

  private flush(): void {
    const due = this.due;
    this.due = [];
    let given = 0;
    for (const channel of due) {
      const events = channel.pending;
      channel.pending = [];
      given += events.length * channel.readers.size;
      for (const delivery of deliveriesOf(channel.numbering, events))
        for (const receive of channel.readers) receive(delivery);
    }
    eventsOut.inc({ way: 'live' }, given);
  }
}

function keyOf({ agents, calls, types }: EventFilter): string {
  return JSON.stringify([agents && [...agents].sort(), calls && [...calls].sort(), types && [...types].sort()]);
}

/** The tenant's index in which a channel stands, and its keys there. */
function placesOf({ byAgent, byCall }: TenantChannels, { agents, calls }: EventFilter): [Index, ReadonlySet<string>] {
  return calls ? [byCall, calls] : [byAgent, agents ?? new Set()];
}

function place(channels: TenantChannels, filter: EventFilter, channel: Channel): void {
  if (filter.agents === null && filter.calls === null) channels.all.add(channel);
  const [index, keys] = placesOf(channels, filter);
  for (const key of keys) {
    const group = index.get(key);
    if (group) group.add(channel);
    else index.set(key, new Set([channel]));
  }
}

function displace(channels: TenantChannels, filter: EventFilter, channel: Channel): void {
  channels.all.delete(channel);
  const [index, keys] = placesOf(channels, filter);
  for (const key of keys) {
    const group = index.get(key);
    group?.delete(channel);
    if (group?.size === 0) index.delete(key);
  }
}

function predicateOf({ agents, calls, types }: EventFilter): Channel['wants'] {
  if (types === null && (agents === null || calls === null)) return () => true;
  const matches = typeMatcher(types);
  // If both agents and calls are given, the index is by call, and the agents are checked here.
  return (event) => matches(event.type) && (calls === null || agents === null || agents.has(event.agent));
}

function platformPredicateOf({ tenants, unassigned, agents, types }: PlatformFilter): Channel['wants'] {
  const matches = typeMatcher(types);
  const isAsked = (tenantId: TenantId | null) =>
    tenantId === null ? unassigned || tenants === null : (tenants?.has(tenantId) ?? !unassigned);
  return (event) => isAsked(event.tenantId) && (agents?.has(event.agent) ?? true) && matches(event.type);
}
