/**
 * Rights are checked while a stream is connected, not only when it connects (security rule 7). Control messages end a
 * stream at once, on every process. A sweep of the database finds what a lost message would have said. If the database
 * cannot be asked for too long, streams close, resumable. A change of owner is told to the readers that it concerns.
 * docs/protocol.md, section 7, promises this to clients.
 */
import { Injectable, Logger, OnApplicationBootstrap, BeforeApplicationShutdown } from '@nestjs/common';
import { Subscription } from 'rxjs';
import { allows } from '../../auth/principal.js';
import { CurrentRights } from '../../auth/current-rights.js';
import { Bus, type BusMessage } from '../../bus/bus.js';
import type { TenantId } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';
import { AgentChanges } from './agent-changes.js';
import { EventTail } from '../live/event-tail.js';
import { RecentlyErased } from '../log/recently-erased.js';
import type { CallName } from '../log/event.js';
import type { StreamConnection } from './stream-connection.js';
import { OpenStreams } from './open-streams.js';
import { Interval } from '../../common/waiting.js';

/** A lost control message is made good within this time. */
const SWEEP_MS = 4000;
/** After this long without the database, it is not known who may still read: streams close, resumable. */
const MAX_UNCHECKED_MS = 30_000;

@Injectable()
export class StreamRights implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Streams');
  private readonly subscription = new Subscription();
  private readonly sweeping = new Interval(SWEEP_MS, () => this.sweep());
  private checkedAt = performance.now();

  constructor(
    private readonly connections: OpenStreams,
    private readonly rights: CurrentRights,
    private readonly changes: AgentChanges,
    private readonly erased: RecentlyErased,
    private readonly bus: Bus,
    private readonly tail: EventTail,
  ) {}

  onApplicationBootstrap(): void {
    this.checkedAt = performance.now();
    this.subscription.add(this.bus.messages.subscribe((message) => void this.hear(message)));
    this.subscription.add(this.erased.erasures.subscribe((call) => this.endErased(call)));
    this.subscription.add(this.tail.restored.subscribe(() => this.endAll()));
    this.subscription.add(this.bus.reconnected.subscribe(() => void this.sweep()));
    this.sweeping.start();
  }

  beforeApplicationShutdown(): void {
    this.sweeping.stop();
    this.subscription.unsubscribe();
  }

  /** After a restore, readers come back with their cursors; from these it follows what each reader has to be told. */
  private endAll(): void {
    const restored = new Problem('unavailable', 'The log was restored from a backup; resume with your last id.');
    this.connections.closeWhere(() => true, restored);
  }

  /** Checks a stream that has just opened again, if some right changed since its token was checked. */
  recheck(connection: StreamConnection): void {
    if (this.rights.changedAt >= connection.principal.checkedAt) void this.reviewOrWarn([connection]);
  }

  private async sweep(): Promise<void> {
    const askedAt = performance.now();
    this.changes.look();
    // This comes before we ask: a database that has fallen silent answers nothing, not even an error.
    const isUnchecked = ({ principal }: StreamConnection) =>
      askedAt - Math.max(this.checkedAt, principal.checkedAt) >= MAX_UNCHECKED_MS;
    const problem = new Problem('unavailable', 'Rights cannot be checked now; resume with your last id.');
    this.connections.closeWhere(isUnchecked, problem, 'rights-unchecked');
    if (await this.reviewOrWarn([...this.connections.all])) this.checkedAt = askedAt;
  }

  /** False when the database could not be asked. */
  private async reviewOrWarn(connections: readonly StreamConnection[]): Promise<boolean> {
    try {
      await this.review(connections);
      return true;
    } catch (error) {
      this.logger.warn(`cannot check the rights of open streams: ${(error as Error).message}`);
      return false;
    }
  }

  /** Ends the streams whose token no longer has the scope that they need, or plans their end if it has come nearer. */
  private async review(connections: readonly StreamConnection[]): Promise<void> {
    const rights = await this.rights.review(connections.map(({ principal }) => principal));
    for (const connection of connections) {
      const now = rights.get(connection.principal);
      if (now === undefined) continue;
      if (now instanceof Problem) this.connections.close(connection, now);
      else if (!allows({ ...connection.principal, scopes: now.scopes }, [connection.neededScope]))
        this.connections.close(connection, new Problem('insufficient-scope', 'The token may no longer read events.'));
      else connection.endBy(now.expiresAt);
    }
  }

  /** The streams whose token was minted from another, which may in turn depend on the one that has changed. */
  private derived(): StreamConnection[] {
    return [...this.connections.all].filter(({ principal }) => principal.parentTokenId !== null);
  }

  private async hear(message: BusMessage): Promise<void> {
    if (message.kind === 'token-revoked') {
      const revoked = new Problem('token-revoked', 'The token was revoked.');
      this.connections.closeWhere((one) => one.dependsOn(message.tokenId), revoked);
      await this.reviewOrWarn(this.derived());
    } else if (message.kind === 'token-changed') {
      const direct = [...this.connections.all].filter((one) => one.dependsOn(message.tokenId));
      await this.reviewOrWarn([...new Set([...direct, ...this.derived()])]);
    } else if (message.kind === 'tenant-changed' && message.status !== 'active') {
      const ended =
        message.status === 'suspended'
          ? new Problem('tenant-suspended', 'The tenant was suspended.')
          : new Problem('token-revoked', 'The tenant was deleted.');
      this.connections.closeWhere((one) => one.principal.tenantId === message.tenantId, ended);
    } else if (message.kind === 'owner-changed') {
      this.changes.look(message.tenantId as TenantId);
    }
  }

  /**
   * Ends the streams of a call that was erased. Streams that may be about to send something of the call are cut: what
   * waits in this process for a slow client is thrown away. The client comes back with its cursor, and finds
   * tombstones.
   */
  private endErased({ tenantId, callId }: CallName): void {
    const isItsOwn = ({ principal }: StreamConnection) => principal.tenantId === tenantId;
    const erased = new Problem('call-not-found', 'The call was erased.');
    this.connections.closeWhere((one) => isItsOwn(one) && one.isOfCall(callId), erased);
    const unsent = new Problem('unavailable', 'A call was erased while it was sent; resume with your last id.');
    const mayHold = (one: StreamConnection) =>
      one.outlet.queuedBytes > 0 && (isItsOwn(one) || one.principal.tenantId === null);
    this.connections.closeWhere(mayHold, unsent, 'erased-unsent');
  }
}
