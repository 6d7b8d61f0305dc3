/**
 * Rights are checked while connected, not only at connect (security rule 7): control messages end a stream at once, on every
 * process; a sweep of the database finds what a lost message would have said; and where the database cannot be asked for too
 * long, streams close, resumable. A change of owner is told to the readers whom it concerns.
 */
import { Injectable, Logger, OnApplicationBootstrap, BeforeApplicationShutdown } from '@nestjs/common';
import { Subscription } from 'rxjs';
import { AgentsService } from '../agents/agents.service.js';
import { allows } from '../auth/principal.js';
import { Standings } from '../auth/standings.js';
import { Bus, type BusMessage } from '../bus/bus.js';
import type { AgentName, TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { controlFrame } from './sse-frame.js';
import type { StreamConnection } from './stream-connection.js';
import { StreamConnections } from './stream-connections.js';

/** A lost control message is made good within this. */
const SWEEP_MS = 4000;
/** Without the database for so long, nobody can say who may still read: streams close, resumable. */
const MAX_UNCHECKED_MS = 30_000;

@Injectable()
export class StreamRights implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Streams');
  private readonly subscription = new Subscription();
  private sweeper: NodeJS.Timeout | undefined;
  private checkedAt = performance.now();
  private telling: Promise<void> = Promise.resolve();

  constructor(
    private readonly connections: StreamConnections,
    private readonly standings: Standings,
    private readonly agents: AgentsService,
    private readonly bus: Bus,
  ) {}

  onApplicationBootstrap(): void {
    this.checkedAt = performance.now();
    this.subscription.add(this.bus.messages.subscribe((message) => void this.hear(message)));
    this.subscription.add(this.bus.reconnected.subscribe(() => void this.sweep()));
    this.sweeper = setInterval(() => void this.sweep(), SWEEP_MS);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.sweeper);
    this.subscription.unsubscribe();
  }

  /** Looks again at a stream that has just opened, if some right changed since its token was checked. */
  recheck(connection: StreamConnection): void {
    if (this.standings.changedAt >= connection.principal.checkedAt) void this.reviewOrWarn([connection]);
  }

  private async sweep(): Promise<void> {
    const askedAt = performance.now();
    // Before we ask: a database that has fallen silent answers nothing, not even an error.
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

  /** Ends those whose token may no longer do what its stream needs. */
  private async review(connections: readonly StreamConnection[]): Promise<void> {
    const standings = await this.standings.review(connections.map(({ principal }) => principal));
    for (const connection of connections) {
      const standing = standings.get(connection.principal);
      if (standing === undefined) continue;
      if (standing instanceof Problem) this.connections.close(connection, standing);
      else if (!allows({ ...connection.principal, scopes: standing.scopes }, [connection.neededScope]))
        this.connections.close(connection, new Problem('insufficient-scope', 'The token may no longer read events.'));
    }
  }

  /** Those whose token was minted from another, which may in turn hang on the one that has changed. */
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
    } else if (message.kind === 'call-erased') {
      const erased = new Problem('call-not-found', 'The call was erased.');
      const isItsOwn = ({ principal }: StreamConnection) => principal.tenantId === message.tenantId;
      this.connections.closeWhere((one) => isItsOwn(one) && one.isOfCall(message.callId), erased);
    } else if (message.kind === 'owner-changed') {
      const { tenantId, added, removed } = message;
      // One after the other: of two changes, the frame of the later one comes later.
      this.telling = this.telling.then(() =>
        this.tellOwnerChange(tenantId as TenantId, added as AgentName[], removed as AgentName[]),
      );
    }
  }

  /** What a stream delivers follows the log's stamps; the frame tells the reader what its tenant owns now. */
  private async tellOwnerChange(
    tenantId: TenantId,
    added: readonly AgentName[],
    removed: readonly AgentName[],
  ): Promise<void> {
    const readers = [...this.connections.all].filter(
      (one) => one.principal.tenantId === tenantId && [...added, ...removed].some((agent) => one.concerns(agent)),
    );
    if (readers.length === 0) return;
    try {
      const owned = await this.agents.ownedBy(tenantId);
      for (const reader of readers) {
        const concerned = (agents: readonly AgentName[]) => agents.filter((agent) => reader.concerns(agent));
        const data = { agents: concerned(owned), added: concerned(added), removed: concerned(removed) };
        reader.stream.tell(controlFrame('agents.changed', data));
      }
    } catch (error) {
      this.logger.warn(`readers were not told of a change of owner: ${(error as Error).message}`);
    }
  }
}
