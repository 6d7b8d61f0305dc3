/**
 * Tells open streams what their tenant owns now, if that differs from what they were told last. The comparison decides;
 * a message on the bus only makes it happen sooner, and may be lost. What a stream delivers follows the log's stamps,
 * whatever it was told.
 */
import { Injectable, Logger } from '@nestjs/common';
import { type OwnedSet, OwnedAgents, listed } from '../../agents/owned-agents.js';
import type { TenantId } from '../../common/ids.js';
import { Rounds } from '../../common/rounds.js';
import { type Chunk, controlFrame } from '../live/frame.js';
import type { StreamConnection } from './stream-connection.js';
import { OpenStreams } from './open-streams.js';

/** A stream that was told what its tenant owns, and is to be told when that changes. */
type Told = StreamConnection & { readonly knowledge: { told: OwnedSet } };

@Injectable()
export class AgentChanges {
  private readonly logger = new Logger('Streams');
  private readonly due = new Set<TenantId>();
  private readonly rounds = new Rounds(() => this.tellAll());

  constructor(
    private readonly connections: OpenStreams,
    private readonly owned: OwnedAgents,
  ) {}

  /**
   * Looks at one tenant, or at all tenants that somebody here reads. Looks run one after the other: of two changes, the
   * later one is told later.
   */
  look(tenantId?: TenantId): void {
    for (const { principal } of this.connections.all)
      if (principal.tenantId !== null && (tenantId ?? principal.tenantId) === principal.tenantId)
        this.due.add(principal.tenantId);
    this.rounds.start();
  }

  private async tellAll(): Promise<void> {
    while (this.due.size > 0) {
      const tenantIds = [...this.due];
      this.due.clear();
      try {
        const revisions = await this.owned.revisionsOf(tenantIds);
        for (const tenantId of tenantIds) await this.tell(tenantId, revisions.get(tenantId) ?? 0);
      } catch (error) {
        this.logger.warn(`readers were not told of a change of owner: ${(error as Error).message}`);
      }
    }
  }

  /**
   * Tells the streams that were last told another revision. The frame is made once for each filter and previous state,
   * and shared.
   */
  private async tell(tenantId: TenantId, revision: number): Promise<void> {
    const behind = [...this.connections.all].filter(
      (one): one is Told =>
        one.principal.tenantId === tenantId && isTold(one) && one.knowledge.told.revision !== revision,
    );
    const filters = new Map<string, Told[]>();
    for (const one of behind) {
      const filter = JSON.stringify(one.scope.agents);
      const same = filters.get(filter);
      if (same === undefined) filters.set(filter, [one]);
      else same.push(one);
    }
    for (const readers of filters.values()) {
      const agents = readers[0]?.scope.agents ?? null;
      const now = await this.owned.of(tenantId, agents && new Set(agents));
      const frames = new Map<OwnedSet, Chunk | undefined>();
      for (const { knowledge, stream } of readers) {
        const before = knowledge.told;
        if (!frames.has(before)) frames.set(before, frameOf(before, now));
        const frame = frames.get(before);
        knowledge.told = now;
        if (frame !== undefined) stream.tell(frame);
      }
    }
  }
}

function isTold(connection: StreamConnection): connection is Told {
  return connection.scope.calls === null && connection.knowledge?.told !== undefined;
}

/**
 * Undefined if nothing has changed within this filter. If a set is too large to be listed, nobody can say what is new
 * in it.
 */
function frameOf(before: OwnedSet, now: OwnedSet): Chunk | undefined {
  if (before.agents === null || now.agents === null)
    return controlFrame('agents.changed', { ...listed(now), added: null, removed: null });
  const [known, current] = [new Set(before.agents), new Set(now.agents)];
  const added = now.agents.filter((agent) => !known.has(agent));
  const removed = before.agents.filter((agent) => !current.has(agent));
  if (added.length + removed.length === 0) return undefined;
  return controlFrame('agents.changed', { ...listed(now), added, removed });
}
