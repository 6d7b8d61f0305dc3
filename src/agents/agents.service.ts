import { Injectable } from '@nestjs/common';
import { Observable, filter, map } from 'rxjs';
import { Bus } from '../bus/bus.js';
import { type AgentName, type TenantId, agentNameSchema } from '../common/ids.js';
import { Listing } from '../common/page.js';
import { Problem } from '../common/problem.js';
import { PrismaService } from '../database/prisma.service.js';

export interface AgentView {
  readonly agent: string;
  readonly tenant: string | null;
  readonly since: string | null;
}

const LISTING = new Listing('agents', agentNameSchema);

@Injectable()
export class AgentsService {
  /** Emits after an agent was given or taken away, on any process. */
  readonly ownerChanges: Observable<void>;

  constructor(
    private readonly prisma: PrismaService,
    bus: Bus,
  ) {
    this.ownerChanges = bus.messages.pipe(
      filter(({ kind }) => kind === 'owner-changed' || kind === 'tenant-changed'),
      map(() => undefined),
    );
  }

  async list(
    tenantId: TenantId,
    limit: number,
    cursor: string | undefined,
  ): Promise<{ agents: Omit<AgentView, 'tenant'>[]; next: string | null }> {
    const page = await this.page(tenantId, limit, cursor);
    return { agents: page.agents.map(({ agent, since }) => ({ agent, since })), next: page.next };
  }

  /** Names of all agents that some tenant owns now. */
  async ownedAcrossTenants(): Promise<AgentName[]> {
    const rows = await this.prisma.agent.findMany({ where: { tenantId: { not: null } }, select: { name: true } });
    return rows.map(({ name }) => name as AgentName);
  }

  /** True when the agent belonged to somebody before its present owner. */
  async hadEarlierOwner(agent: AgentName): Promise<boolean> {
    return (await this.prisma.ownership.count({ where: { agent, until: { not: null } } })) > 0;
  }

  /**
   * Throws `agent-not-found` unless the tenant owns every one of them, or once did: then it may read what was its own, and
   * a call of its own that is still going on. Another's agent and one that never was answer alike.
   */
  async assertReadable(tenantId: TenantId, agents: Iterable<AgentName>): Promise<void> {
    const names = [...agents];
    const [owned, once] = await Promise.all([
      this.prisma.agent.findMany({ where: { tenantId, name: { in: names } }, select: { name: true } }),
      this.prisma.ownership.findMany({
        where: { tenantId, agent: { in: names } },
        select: { agent: true },
        distinct: ['agent'],
      }),
    ]);
    const readable = new Set([...owned.map(({ name }) => name), ...once.map(({ agent }) => agent)]);
    if (names.some((name) => !readable.has(name)))
      throw new Problem('agent-not-found', 'There is no agent of that name.');
  }

  /** Throws `agent-not-found` for one that was never owned and never sent an event. */
  async assertKnownAcrossTenants(agents: Iterable<AgentName>): Promise<void> {
    const names = [...agents];
    const rows = await this.prisma.$queryRaw<{ name: string }[]>`
      SELECT name FROM agents WHERE name = ANY (${names}) UNION SELECT name FROM unowned_agents WHERE name = ANY (${names})`;
    if (rows.length < new Set(names).size) throw new Problem('agent-not-found', 'There is no agent of that name.');
  }

  /** `unassigned`: agents that sent events, or were owned once, and belong to nobody now. */
  async listAcrossTenants(
    { tenant, unassigned }: { tenant?: TenantId | undefined; unassigned?: boolean | undefined },
    limit: number,
    cursor: string | undefined,
  ): Promise<{ agents: AgentView[]; next: string | null }> {
    if (tenant !== undefined) return this.page(tenant, limit, cursor);
    const after = LISTING.after(cursor, null) ?? '';
    const rows = await this.prisma.$queryRaw<{ name: string; tenant_id: string | null; since: Date | null }[]>`
      SELECT name, a.tenant_id, a.since
      FROM (SELECT name FROM agents UNION SELECT name FROM unowned_agents) known LEFT JOIN agents a USING (name)
      WHERE name > ${after} AND (NOT ${unassigned ?? false} OR a.tenant_id IS NULL)
      ORDER BY name LIMIT ${limit + 1}`;
    const page = LISTING.page(rows, limit, null, (row) => row.name);
    return { agents: page.rows.map(({ name, tenant_id, since }) => viewOf(name, tenant_id, since)), next: page.next };
  }

  private async page(
    tenantId: TenantId,
    limit: number,
    cursor: string | undefined,
  ): Promise<{ agents: AgentView[]; next: string | null }> {
    const after = LISTING.after(cursor, tenantId);
    const rows = await this.prisma.agent.findMany({
      where: { tenantId, ...(after === undefined ? {} : { name: { gt: after } }) },
      orderBy: { name: 'asc' },
      take: limit + 1,
    });
    const page = LISTING.page(rows, limit, tenantId, (row) => row.name);
    return { agents: page.rows.map((row) => viewOf(row.name, row.tenantId, row.since)), next: page.next };
  }
}

function viewOf(agent: string, tenant: string | null, since: Date | null): AgentView {
  return { agent, tenant, since: since?.toISOString() ?? null };
}
