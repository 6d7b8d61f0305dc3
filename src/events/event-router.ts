/**
 * Who reads what: an index tenant → agent or call → readers. Between tenants stands a look-up, never a predicate: a reader
 * that is registered nowhere gets nothing. The cost of an event is the number of its own readers.
 */
import { Injectable } from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import type { AgentName, CallId, TenantId } from '../common/ids.js';
import type { LoggedEvent } from './event.js';
import { EventFilter, PlatformFilter, typeMatcher } from './event-filter.js';
import { Delivery } from './sse-frame.js';

/** Gets every event that is routed to it, in order; must not throw and must not wait. */
export type Receive = (delivery: Delivery) => void;

interface Reader {
  readonly wants: (event: LoggedEvent) => boolean;
  readonly receive: Receive;
}

/** A tenant's readers; each stands in exactly one of the three, the narrowest that its filter allows. */
class TenantReaders {
  readonly all = new Set<Reader>();
  readonly byAgent = new Map<AgentName, Set<Reader>>();
  readonly byCall = new Map<CallId, Set<Reader>>();

  get isEmpty(): boolean {
    return this.all.size === 0 && this.byAgent.size === 0 && this.byCall.size === 0;
  }
}

@Injectable()
export class EventRouter {
  private readonly tenants = new Map<TenantId, TenantReaders>();
  /** Admins: few, so that a predicate each is cheap; no tenant's reader is ever among them. */
  private readonly acrossTenants = new Set<Reader>();

  constructor(private readonly bus: Bus) {}

  /** From now on, in order, everything of the tenant's that the filter lets through. Returns how to leave. */
  register(tenantId: TenantId, filter: EventFilter, receive: Receive): () => void {
    const readers = this.tenants.get(tenantId) ?? new TenantReaders();
    this.tenants.set(tenantId, readers);
    const reader: Reader = { wants: predicateOf(filter), receive };
    const unfollow = this.bus.follow(tenantId);
    const leave = filter.calls
      ? join(readers.byCall, filter.calls, reader)
      : filter.agents
        ? join(readers.byAgent, filter.agents, reader)
        : joinAll(readers, reader);
    return () => {
      unfollow();
      leave();
      if (readers.isEmpty && this.tenants.get(tenantId) === readers) this.tenants.delete(tenantId);
    };
  }

  /** Everybody's events, nobody's included, as far as an admin's filter lets through. Returns how to leave. */
  registerAcrossTenants(filter: PlatformFilter, receive: Receive): () => void {
    const reader: Reader = { wants: platformPredicateOf(filter), receive };
    this.acrossTenants.add(reader);
    const unfollow = this.bus.followAcrossTenants();
    return () => {
      unfollow();
      this.acrossTenants.delete(reader);
    };
  }

  deliver(event: LoggedEvent): void {
    const readers = event.tenantId === null ? undefined : this.tenants.get(event.tenantId);
    if (readers === undefined && this.acrossTenants.size === 0) return;
    const delivery = new Delivery(event);
    hand(delivery, this.acrossTenants);
    if (readers === undefined) return;
    hand(delivery, readers.all);
    hand(delivery, readers.byAgent.get(event.agent));
    if (event.callId !== null) hand(delivery, readers.byCall.get(event.callId));
  }
}

function hand(delivery: Delivery, readers: ReadonlySet<Reader> | undefined): void {
  if (readers === undefined) return;
  for (const reader of readers) if (reader.wants(delivery.event)) reader.receive(delivery);
}

function predicateOf({ agents, calls, types }: EventFilter): Reader['wants'] {
  if (types === null && (agents === null || calls === null)) return () => true;
  const matches = typeMatcher(types);
  // Where both are given, the index is by call; the agents are checked here.
  return (event) => matches(event.type) && (calls === null || agents === null || agents.has(event.agent));
}

function platformPredicateOf({ tenants, unassigned, agents, types }: PlatformFilter): Reader['wants'] {
  const matches = typeMatcher(types);
  const isAsked = (tenantId: TenantId | null) =>
    tenantId === null ? unassigned || tenants === null : (tenants?.has(tenantId) ?? !unassigned);
  return (event) => isAsked(event.tenantId) && (agents?.has(event.agent) ?? true) && matches(event.type);
}

function joinAll(readers: TenantReaders, reader: Reader): () => void {
  readers.all.add(reader);
  return () => readers.all.delete(reader);
}

function join<Key>(index: Map<Key, Set<Reader>>, keys: ReadonlySet<Key>, reader: Reader): () => void {
  for (const key of keys) {
    const group = index.get(key);
    if (group) group.add(reader);
    else index.set(key, new Set([reader]));
  }
  return () => {
    for (const key of keys) {
      const group = index.get(key);
      group?.delete(reader);
      if (group?.size === 0) index.delete(key);
    }
  };
}
