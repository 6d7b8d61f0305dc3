/** Who owned an agent, from when to when, and between which positions of the log. */
import { Injectable } from '@nestjs/common';
import type { AgentName } from '../common/ids.js';
import type { Ownership } from '../database/generated/client.js';
import { PrismaService } from '../database/prisma.service.js';

export interface OwnershipSpan {
  readonly tenant: string;
  readonly since: string;
  readonly until: string | null;
  readonly changedBy: string;
}

@Injectable()
export class OwnershipHistory {
  constructor(private readonly prisma: PrismaService) {}

  /** Newest first. */
  async spansAcrossTenants(agent: AgentName): Promise<OwnershipSpan[]> {
    const rows = await this.prisma.ownership.findMany({ where: { agent }, orderBy: { id: 'desc' }, take: 1000 });
    return rows.map(viewOf);
  }

  /** Who owned the agent when that position was given; undefined: nobody. */
  async ownerAtAcrossTenants(agent: AgentName, position: number): Promise<OwnershipSpan | undefined> {
    const row = await this.prisma.ownership.findFirst({
      where: {
        agent,
        fromPosition: { lt: position },
        OR: [{ untilPosition: { gte: position } }, { untilPosition: null, until: null }],
      },
      orderBy: { id: 'desc' },
    });
    return row === null ? undefined : viewOf(row);
  }
}

function viewOf({ tenantId, since, until, changedBy }: Ownership): OwnershipSpan {
  return { tenant: tenantId, since: since.toISOString(), until: until?.toISOString() ?? null, changedBy };
}
