/**
 * Who owned an agent, from when to when, and between which positions of the log. Whose a call is, is kept with the
 * call: see ownership.ts.
 */
import { Injectable } from '@nestjs/common';
import type { Patience } from '../common/fair-slots.js';
import type { AgentName } from '../common/ids.js';
import type { Ownership, Prisma } from '../database/generated/client.js';
import { ReadPool } from '../database/pools.js';

export interface OwnershipSpan {
  readonly tenant: string;
  readonly since: string;
  readonly until: string | null;
  readonly changedBy: string;
}

@Injectable()
export class OwnershipHistory {
  constructor(private readonly pool: ReadPool) {}

  /** Newest first. */
  async spansAcrossTenants(agent: AgentName, patience: Patience): Promise<OwnershipSpan[]> {
    const query = { where: { agent }, orderBy: { id: 'desc' }, take: 1000 } as const;
    const rows = await this.pool.list(null, ({ ownership }) => ownership.findMany(query), patience);
    return rows.map(spanOf);
  }

  /** Who owned the agent when that position was given; undefined: nobody. */
  async ownerAtAcrossTenants(
    agent: AgentName,
    position: number,
    patience: Patience,
  ): Promise<OwnershipSpan | undefined> {
    const OR = [{ untilPosition: { gte: position } }, { untilPosition: null, until: null }];
    const where = { agent, fromPosition: { lt: position }, OR };
    const find = ({ ownership }: Prisma.TransactionClient) => ownership.findFirst({ where, orderBy: { id: 'desc' } });
    const row = await this.pool.list(null, find, patience);
    return row === null ? undefined : spanOf(row);
  }
}

function spanOf({ tenantId, since, until, changedBy }: Ownership): OwnershipSpan {
  return { tenant: tenantId, since: since.toISOString(), until: until?.toISOString() ?? null, changedBy };
}
