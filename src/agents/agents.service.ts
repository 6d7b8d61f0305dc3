import { Injectable } from '@nestjs/common';
import { Observable, filter, map } from 'rxjs';
import { Bus } from '../bus/bus.js';
import type { Patience } from '../common/fair-slots.js';
import { type AgentName, type TenantId, agentNameSchema } from '../common/ids.js';
import { Listing } from '../common/page.js';
import { Problem } from '../common/problem.js';
import type { Prisma } from '../database/generated/client.js';
import { ReadPool } from '../database/pools.js';
import { PrismaService } from '../database/prisma.service.js';

export interface AgentView {
  readonly agent: string;
  readonly tenant: string | null;
  readonly since: string | null;
}

interface AgentRow {
  readonly name: string;
  readonly tenantId: string | null;
  readonly since: Date | null;
}

const LISTING = new Listing('agents', agentNameSchema);

const LIST = `SELECT name, a.tenant_id AS "tenantId", a.since
  FROM (SELECT name FROM agents UNION SELECT name FROM unowned_agents) known LEFT JOIN agents a USING (name)
  WHERE name > $1 AND (NOT $2 OR a.tenant_id IS NULL) ORDER BY name LIMIT $3`;
const READABLE = `SELECT name FROM agents WHERE tenant_id = $1 AND name = ANY ($2)
  UNION SELECT agent FROM ownerships WHERE tenant_id = $1 AND agent = ANY ($2)`;
const KNOWN = `SELECT name FROM agents WHERE name = ANY ($1) UNION SELECT name FROM unowned_agents WHERE name = ANY ($1)`;

@Injectable()
export class AgentsService {
  /** Emits after an agent was given or taken away, in any process. */
  readonly ownerChanges: Observable<void>;

  constructor(
    private readonly prisma: PrismaService,
    private readonly pool: ReadPool,
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
    patience: Patience,
  ): Promise<{ agents: Omit<AgentView, 'tenant'>[]; next: string | null }> {
    const page = await this.page(tenantId, tenantId, limit, cursor, patience);
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
   * Throws `agent-not-found` unless the tenant owns every one of them, or once did. A former owner may still read its
   * own events, and a call of its own that is still going on. Another tenant's agent and an agent that never existed
   * get the same answer.
   */
  async assertReadable(tenantId: TenantId, agents: Iterable<AgentName>, patience: Patience): Promise<void> {
    const names = [...agents];
    const { rows } = await this.pool.ask(
      tenantId,
      () => this.pool.query<{ name: AgentName }>(READABLE, [tenantId, names]),
      patience,
    );
    const readable = new Set(rows.map(({ name }) => name));
    if (names.some((name) => !readable.has(name)))
      throw new Problem('agent-not-found', 'There is no agent of that name.');
  }

  /** Throws `agent-not-found` for an agent that was never owned and never sent an event. */
  async assertKnownAcrossTenants(agents: Iterable<AgentName>, patience: Patience): Promise<void> {
    const names = [...agents];
    const { rows } = await this.pool.ask(null, () => this.pool.query(KNOWN, [names]), patience);
    if (rows.length < new Set(names).size) throw new Problem('agent-not-found', 'There is no agent of that name.');
  }

  /** `unassigned`: agents that sent events, or were owned once, and belong to nobody now. */
  async listAcrossTenants(
    { tenant, unassigned }: { tenant?: TenantId | undefined; unassigned?: boolean | undefined },
    limit: number,
    cursor: string | undefined,
    patience: Patience,
  ): Promise<{ agents: AgentView[]; next: string | null }> {
    if (tenant !== undefined) return this.page(null, tenant, limit, cursor, patience);
    const after = LISTING.after(cursor, null) ?? '';
    const values = [after, unassigned ?? false, limit + 1];
    const { rows } = await this.pool.ask(null, () => this.pool.query<AgentRow>(LIST, values), patience);
    const page = LISTING.page(rows, limit, null, (row) => row.name);
    return { agents: page.rows.map((row) => agentView(row.name, row.tenantId, row.since)), next: page.next };
  }

  private async page(
    asker: TenantId | null,
    tenantId: TenantId,
    limit: number,
    cursor: string | undefined,
    patience: Patience,
  ): Promise<{ agents: AgentView[]; next: string | null }> {
    const after = LISTING.after(cursor, tenantId);
    const where = { tenantId, ...(after === undefined ? {} : { name: { gt: after } }) };
    const read = ({ agent }: Prisma.TransactionClient) =>
      agent.findMany({ where, orderBy: { name: 'asc' }, take: limit + 1 });
    const rows = await this.pool.list(asker, read, patience);
    const page = LISTING.page(rows, limit, tenantId, (row) => row.name);
    return { agents: page.rows.map((row) => agentView(row.name, row.tenantId, row.since)), next: page.next };
  }
}

function agentView(agent: string, tenant: string | null, since: Date | null): AgentView {
  return { agent, tenant, since: since?.toISOString() ?? null };
}
