/**
 * Who owns which agent, now and before. A change takes the append lock: every event up to it is the old owner's, every event
 * after it the new one's. It is compare-and-set, so that of two claims at once exactly one wins.
 */
import { Injectable } from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import { AgentName, TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { takeAppendLock } from '../database/append-lock.js';
import type { Prisma } from '../database/generated/client.js';
import { PrismaService } from '../database/prisma.service.js';

export interface Owner {
  readonly agent: AgentName;
  readonly tenant: TenantId | null;
  readonly since: string | null;
}

export interface OwnershipSpan {
  readonly tenant: string;
  readonly since: string;
  readonly until: string | null;
  readonly changedBy: string;
}

@Injectable()
export class Ownership {
  constructor(
    private readonly prisma: PrismaService,
    private readonly bus: Bus,
  ) {}

  /**
   * Gives the agent to `to` (null: to nobody) if its owner is `from`. An agent need not have been seen before to be given.
   * Throws `owner-changed` with the actual owner, `tenant-not-found`, `agent-not-found` (an unknown one taken away).
   */
  async change(agent: AgentName, from: TenantId | null, to: TenantId | null, changedBy: string): Promise<Owner> {
    const owner = await this.prisma.$transaction(async (transaction) => {
      const position = await takeAppendLock(transaction);
      await assertOwner(transaction, agent, from, to);
      if (from === to) return this.ownerOf(transaction, agent);
      const since = new Date();
      await transaction.agent.upsert({
        where: { name: agent },
        create: { name: agent, tenantId: to, since },
        update: { tenantId: to, since: to === null ? null : since },
      });
      await transaction.ownership.updateMany({ where: { agent, until: null }, data: { until: since } });
      if (to !== null) {
        await transaction.ownership.create({ data: { agent, tenantId: to, since, fromPosition: position, changedBy } });
      }
      return this.ownerOf(transaction, agent);
    });
    if (from !== to) this.bus.publish({ kind: 'owner-changed', agent, from, to });
    return owner;
  }

  /** Takes all of a tenant's agents away, within a transaction that holds the append lock. */
  async releaseAll(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<void> {
    await transaction.agent.updateMany({ where: { tenantId }, data: { tenantId: null, since: null } });
    await transaction.ownership.updateMany({ where: { tenantId, until: null }, data: { until: new Date() } });
  }

  /** Newest first. */
  async historyAcrossTenants(agent: AgentName): Promise<OwnershipSpan[]> {
    const rows = await this.prisma.ownership.findMany({ where: { agent }, orderBy: { id: 'desc' }, take: 1000 });
    return rows.map(({ tenantId, since, until, changedBy }) => ({
      tenant: tenantId,
      since: since.toISOString(),
      until: until?.toISOString() ?? null,
      changedBy,
    }));
  }

  private async ownerOf(transaction: Prisma.TransactionClient, agent: AgentName): Promise<Owner> {
    const row = await transaction.agent.findUnique({ where: { name: agent } });
    return { agent, tenant: (row?.tenantId ?? null) as TenantId | null, since: row?.since?.toISOString() ?? null };
  }
}

async function assertOwner(
  transaction: Prisma.TransactionClient,
  agent: AgentName,
  from: TenantId | null,
  to: TenantId | null,
): Promise<void> {
  if (to !== null && (await transaction.tenant.findUnique({ where: { id: to } })) === null) {
    throw new Problem('tenant-not-found', 'There is no tenant of that name.');
  }
  const row = await transaction.agent.findUnique({ where: { name: agent } });
  if (row === null && to === null) throw new Problem('agent-not-found', 'There is no agent of that name.');
  const actual = row?.tenantId ?? null;
  if (actual !== from) {
    throw new Problem('owner-changed', `The agent belongs to ${actual ?? 'nobody'}, not to ${from ?? 'nobody'}.`, {
      owner: actual,
    });
  }
}
