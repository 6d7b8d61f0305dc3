/**
 * The open streams of all processes. Each process knows its own. To list them all, a process asks on the bus and
 * collects the answers for a short while. Messages on the bus may be lost: the list is for people, and no right depends
 * on it.
 */
import { Injectable, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Subscription } from 'rxjs';
import { Bus, type BusMessage } from '../../bus/bus.js';
import type { TenantId } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';
import { withinTime } from '../../common/waiting.js';
import { EventLog } from '../log/event-log.js';
import { type Ask, Peers } from './peers.js';
import type { StreamConnection } from './stream-connection.js';
import { OpenStreams } from './open-streams.js';

/** How long other processes have to answer. */
const ANSWER_MS = 250;
/** How often the process that holds a stream is told to end it. */
const MAX_TRIES = 3;
/** One message of the smallest bus takes 8,000 bytes. A connection with the longest names has fewer. */
const MAX_TOLD_BYTES = 7500;

export interface ConnectionView {
  readonly id: string;
  readonly tenant: string | null;
  readonly tokenId: string;
  /** The token from which the stream's token was minted. */
  readonly parentTokenId: string | null;
  /** Who signed in by a link; null: nobody by name. */
  readonly person: string | null;
  /** True when an admin looks at what the tenant sees. */
  readonly view: boolean;
  readonly since: string;
  readonly expiresAt: string;
  readonly remoteAddress: string | null;
  /** The whole X-Forwarded-For header. A client may have written any part of it. */
  readonly forwardedFor: string | null;
  readonly userAgent: string | null;
  readonly agents: readonly string[] | null;
  readonly calls: readonly string[] | null;
  readonly types: readonly string[] | null;
  readonly cursor: number;
  /** Events of its log that are still to be sent to it or looked through for it; 0: it is live. */
  readonly lag: number;
  readonly queuedBytes: number;
}

/** How many streams of one tenant, or of the platform, a token has open in one process. */
interface StreamCount {
  readonly tokenId: string;
  readonly streams: number;
}

@Injectable()
export class ConnectionDirectory implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly subscription = new Subscription();
  private readonly self = randomUUID();
  private readonly peers = new Peers();
  private readonly asks = new Map<string, { readonly ask: Ask; readonly told: unknown[] }>();

  constructor(
    private readonly connections: OpenStreams,
    private readonly log: EventLog,
    private readonly bus: Bus,
  ) {}

  onApplicationBootstrap(): void {
    this.subscription.add(this.bus.messages.subscribe((message) => this.hear(message)));
    this.subscription.add(this.bus.reconnected.subscribe(() => this.introduce()));
    this.introduce();
  }

  onApplicationShutdown(): void {
    this.subscription.unsubscribe();
  }

  /**
   * The streams of all processes that answer in time, oldest first. `isThorough`: also waits for processes that were
   * never heard of.
   */
  async listAcrossTenants(isThorough = false): Promise<ConnectionView[]> {
    const [own, told] = await Promise.all([this.own(), this.askOthers({}, isThorough)]);
    return [...own, ...(told as ConnectionView[])].sort((one, other) => one.since.localeCompare(other.since));
  }

  /**
   * How many streams of this tenant (null: of the platform) are open with each token, in all processes that answer in
   * time. Streams of admins who look at what the tenant sees are not the tenant's own.
   */
  async countByToken(tenantId: TenantId | null): Promise<Map<string, number>> {
    const told = (await this.askOthers({ countOf: tenantId })) as (StreamCount | ConnectionView)[];
    const counts = new Map<string, number>();
    for (const one of [...this.ownCounts(tenantId), ...told]) {
      // A process of an earlier version lists the connections of all.
      const isMeant = 'streams' in one || (one.tenant === tenantId && !one.view);
      if (isMeant) counts.set(one.tokenId, (counts.get(one.tokenId) ?? 0) + ('streams' in one ? one.streams : 1));
    }
    return counts;
  }

  private async askOthers(what: { countOf?: TenantId | null }, isThorough = false): Promise<unknown[]> {
    const told: unknown[] = [];
    const ask = this.peers.ask(randomUUID(), performance.now(), this.bus.connected && !isThorough);
    this.asks.set(ask.id, { ask, told });
    this.bus.publish({ kind: 'connections-asked', ask: ask.id, process: this.self, ...what });
    await withinTime(ask.answered, ANSWER_MS);
    this.asks.delete(ask.id);
    this.peers.settle(ask);
    return told;
  }

  /** The other processes answer, so that each side knows of the other. */
  private introduce(): void {
    this.peers.introduced(performance.now());
    this.bus.publish({ kind: 'connections-asked', ask: randomUUID(), process: this.self });
  }

  private hear(message: BusMessage): void {
    if (message.kind === 'connection-closed') this.closeOwn(message.connectionId);
    if (message.kind !== 'connections-asked' && message.kind !== 'connections-told') return;
    if (message.process === this.self) return;
    this.peers.heard(message.process, performance.now());
    if (message.kind === 'connections-asked') return void this.tell(message);
    const asked = this.asks.get(message.ask);
    asked?.told.push(...message.connections);
    if (message.isLast && message.process !== undefined) asked?.ask.answeredBy(message.process);
  }

  /**
   * Ends the stream, in whichever process it is; its client may come back. Undefined when no process knows the stream.
   * Throws `unavailable` when it could not be ended.
   */
  async closeAcrossTenants(id: string): Promise<ConnectionView | undefined> {
    const look = async (isThorough = false) => (await this.listAcrossTenants(isThorough)).find((one) => one.id === id);
    const found = (await look()) ?? (await look(true));
    // No row in the database stands behind this message. Only the list shows whether it was heard.
    for (let left = MAX_TRIES, open = found; open !== undefined; open = await look()) {
      if (left-- === 0)
        throw new Problem('unavailable', 'Its process does not hear that it is to end the stream; try again.');
      this.bus.publish({ kind: 'connection-closed', connectionId: id });
    }
    return found;
  }

  private closeOwn(id: string): void {
    const problem = new Problem('unavailable', 'An operator closed this stream; resume with your last id.');
    this.connections.closeWhere((one) => one.id === id, problem, 'closed-by-operator');
  }

  private async tell({ ask, countOf }: BusMessage & { kind: 'connections-asked' }): Promise<void> {
    const own =
      countOf === undefined
        ? await this.own().catch(() => []) // The database is away: the list will be shorter.
        : this.ownCounts(countOf);
    const parts = packed<ConnectionView | StreamCount>(own);
    for (const [index, connections] of parts.entries()) {
      const isLast = index === parts.length - 1;
      this.bus.publish({ kind: 'connections-told', ask, process: this.self, connections, isLast });
    }
  }

  private async own(): Promise<ConnectionView[]> {
    const all = [...this.connections.all].filter(({ isClosed }) => !isClosed);
    const behind = all.filter(({ stream }) => !stream.isLive).map(({ principal }) => principal.tenantId);
    const heads = behind.length === 0 ? new Map<TenantId | null, number>() : await this.headsOf(behind);
    return all.map((one) => connectionView(one, heads));
  }

  private ownCounts(tenantId: string | null): StreamCount[] {
    const counts = new Map<string, number>();
    for (const { isClosed, principal } of this.connections.all) {
      if (isClosed || principal.tenantId !== tenantId || principal.viewedBy !== null) continue;
      counts.set(principal.tokenId, (counts.get(principal.tokenId) ?? 0) + 1);
    }
    return [...counts].map(([tokenId, streams]) => ({ tokenId, streams }));
  }

  /** The last numbers of these tenants; for null, the platform's. */
  private async headsOf(tenantIds: readonly (TenantId | null)[]): Promise<Map<TenantId | null, number>> {
    const tenants = [...new Set(tenantIds)].filter((tenantId) => tenantId !== null);
    const [position, heads] = await Promise.all([this.log.headPosition(), this.log.tenantHeads(tenants)]);
    return new Map<TenantId | null, number>([
      [null, position],
      ...[...heads].map(([id, { seq }]) => [id, seq] as const),
    ]);
  }
}

function connectionView(
  { id, since, principal, expiresAt, scope, stream, outlet }: StreamConnection,
  heads: ReadonlyMap<TenantId | null, number>,
): ConnectionView {
  const { tenantId, tokenId, parentTokenId, viewedBy, person } = principal;
  const head = heads.get(tenantId) ?? 0;
  return {
    id,
    tenant: tenantId,
    tokenId,
    parentTokenId,
    person: person?.name ?? null,
    view: viewedBy !== null,
    since: since.toISOString(),
    expiresAt: expiresAt.toISOString(),
    ...outlet.client,
    agents: shorten(scope.agents, 5),
    calls: shorten(scope.calls, 2),
    types: shorten(scope.types, 5),
    cursor: stream.cursor,
    lag: stream.isLive ? 0 : Math.max(0, head - stream.cursor),
    queuedBytes: outlet.queuedBytes,
  };
}

/** The first few of many names: the answer has to fit into a message. */
function shorten(names: readonly string[] | null, most: number): readonly string[] | null {
  return names !== null && names.length > most ? [...names.slice(0, most), '…'] : names;
}

/** Puts as many entries into each message as fit; one message if there are none. */
function packed<Entry>(entries: readonly Entry[]): Entry[][] {
  const messages: Entry[][] = entries.length === 0 ? [[]] : [];
  let room = 0;
  for (const entry of entries) {
    const bytes = Buffer.byteLength(JSON.stringify(entry)) + 1;
    const last = messages.at(-1);
    if (last === undefined || bytes > room) {
      messages.push([entry]);
      room = MAX_TOLD_BYTES - bytes;
    } else {
      last.push(entry);
      room -= bytes;
    }
  }
  return messages;
}
