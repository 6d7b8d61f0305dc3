/**
 * Who owns which agent, now and before. A change takes the append lock: every event up to it is the old owner's, every event
 * after it the new one's. It is compare-and-set, so that of two claims at once exactly one wins.
 */
import { Injectable } from '@nestjs/common';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import { Bus } from '../bus/bus.js';
import { AgentName, TenantId } from '../common/ids.js';
import type { Patience } from '../common/fair-slots.js';
import { moment } from '../common/moment.js';
import { Problem } from '../common/problem.js';
import { takeAppendLock } from '../database/append-lock.js';
import type { Prisma } from '../database/generated/client.js';
import { PrismaService } from '../database/prisma.service.js';
import { ReadPool } from '../database/pools.js';

export interface Owner {
  readonly agent: AgentName;
  readonly tenant: TenantId | null;
  readonly since: string | null;
}

/** A tenant's whole set, and how it differs from the set before. */
export interface OwnedSet {
  readonly tenant: TenantId;
  readonly agents: readonly AgentName[];
  readonly added: readonly AgentName[];
  readonly removed: readonly AgentName[];
}

/** Names of up to 128 characters of 4 bytes: 2 × 7 of them stay below the 8,000 bytes of a NOTIFY. */
const MAX_TOLD = 7;

interface Move {
  readonly agent: AgentName;
  readonly from: TenantId | null;
  readonly to: TenantId | null;
}

@Injectable()
export class Ownership {
  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
    private readonly pool: ReadPool,
    private readonly bus: Bus,
  ) {}

  /**
   * Gives the agent to `to` (null: to nobody) if its owner is `from`. An agent need not have been seen before to be given.
   * Throws `owner-changed` with the actual owner, `tenant-not-found`, `agent-not-found` (an unknown one taken away).
   */
  async change(agent: AgentName, from: TenantId | null, to: TenantId | null, actor: Actor): Promise<Owner> {
    const owner = await this.prisma.$transaction(async (transaction) => {
      const position = await takeAppendLock(transaction);
      await assertChange(transaction, { agent, from, to });
      if (from !== to) await this.move(transaction, [{ agent, from, to }], position, actor);
      return ownerOf(transaction, agent);
    });
    if (from !== to) this.tell(from, [], [agent]);
    if (from !== to) this.tell(to, [agent], []);
    return owner;
  }

  /** Throws what {@link change} would throw; changes nothing. Answers the owner as it is. */
  assertChangeable(agent: AgentName, from: TenantId | null, to: TenantId | null, patience: Patience): Promise<Owner> {
    const look = async (tables: Prisma.TransactionClient) => {
      await assertChange(tables, { agent, from, to });
      return ownerOf(tables, agent);
    };
    return this.pool.list(null, look, patience);
  }

  /**
   * Makes these, and no others, the tenant's agents: all or nothing. What nobody owns is given, what is missing is taken away.
   * Throws `owner-changed` when another tenant owns one of them, `tenant-not-found`.
   */
  async setOwned(tenantId: TenantId, agents: readonly AgentName[], actor: Actor, dryRun: boolean): Promise<OwnedSet> {
    const set = await this.prisma.$transaction(async (transaction) => {
      const position = await takeAppendLock(transaction);
      const planned = await planSet(transaction, tenantId, agents);
      if (!dryRun) await this.move(transaction, planned.moves, position, actor);
      return planned.set;
    });
    if (!dryRun) this.tell(tenantId, set.added, set.removed);
    return set;
  }

  /**
   * Takes all agents away from a tenant that is erased, within a transaction that holds the append lock. What began in its time and
   * is heard of later is nobody's.
   */
  async releaseAll(transaction: Prisma.TransactionClient, tenantId: TenantId, position: bigint): Promise<void> {
    await transaction.agent.updateMany({ where: { tenantId }, data: { tenantId: null, since: null } });
    const data = { until: moment(), untilPosition: position };
    await transaction.ownership.updateMany({ where: { tenantId, until: null }, data });
    await transaction.ownership.updateMany({ where: { tenantId }, data: { tenantErased: true } });
  }

  /** Every tenant concerned is told of its own agents, in messages that fit the smallest bus. */
  private tell(tenantId: TenantId | null, added: readonly AgentName[], removed: readonly AgentName[]): void {
    if (tenantId === null) return;
    for (let start = 0; start < Math.max(added.length, removed.length); start += MAX_TOLD) {
      const part = (agents: readonly AgentName[]) => agents.slice(start, start + MAX_TOLD);
      this.bus.publish({ kind: 'owner-changed', tenantId, added: part(added), removed: part(removed) });
    }
  }

  private async move(
    transaction: Prisma.TransactionClient,
    moves: readonly Move[],
    position: bigint,
    actor: Actor,
  ): Promise<void> {
    const since = moment();
    for (const { agent, from, to } of moves) {
      const owned = { tenantId: to, since: to === null ? null : since };
      await transaction.agent.upsert({ where: { name: agent }, create: { name: agent, ...owned }, update: owned });
      const until = { until: since, untilPosition: position };
      await transaction.ownership.updateMany({ where: { agent, until: null }, data: until });
      if (to !== null) {
        const span = { agent, tenantId: to, since, fromPosition: position, changedBy: actor.name };
        await transaction.ownership.create({ data: span });
      }
      await this.audit.record(transaction, actor, changeOf({ agent, from, to }));
    }
  }
}

/** In each tenant's book stands what became of the agent for that tenant, never who the other side is. */
function changeOf({ agent, from, to }: Move) {
  const action = to === null ? 'agent.unassign' : from === null ? 'agent.assign' : 'agent.transfer';
  const losing = { action: 'agent.unassign', before: { owner: from }, after: { owner: null } };
  const gaining = { action: 'agent.assign', before: { owner: null }, after: { owner: to } };
  return {
    action,
    target: agent,
    before: { owner: from },
    after: { owner: to },
    books: [
      ...(from === null ? [] : [{ tenantId: from, ...losing }]),
      ...(to === null ? [] : [{ tenantId: to, ...gaining }]),
    ],
  };
}

async function planSet(
  transaction: Prisma.TransactionClient,
  tenantId: TenantId,
  agents: readonly AgentName[],
): Promise<{ set: OwnedSet; moves: Move[] }> {
  await assertTenant(transaction, tenantId);
  const wanted = [...new Set(agents)].sort();
  const rows = await transaction.agent.findMany({ where: { OR: [{ tenantId }, { name: { in: wanted } }] } });
  const owners = new Map(rows.map((row) => [row.name as AgentName, row.tenantId as TenantId | null]));
  for (const agent of wanted) {
    const owner = owners.get(agent) ?? null;
    if (owner !== null && owner !== tenantId) throw ownerChanged(agent, owner, null);
  }
  const added = wanted.filter((agent) => owners.get(agent) !== tenantId);
  const removed = [...owners.keys()].filter((agent) => owners.get(agent) === tenantId && !wanted.includes(agent));
  const moves = [
    ...added.map((agent) => ({ agent, from: null, to: tenantId })),
    ...removed.map((agent) => ({ agent, from: tenantId, to: null })),
  ];
  return { set: { tenant: tenantId, agents: wanted, added, removed: removed.sort() }, moves };
}

async function assertChange(transaction: Prisma.TransactionClient, { agent, from, to }: Move): Promise<void> {
  if (to !== null) await assertTenant(transaction, to);
  const row = await transaction.agent.findUnique({ where: { name: agent } });
  if (row === null && to === null) throw new Problem('agent-not-found', 'There is no agent of that name.');
  const actual = row?.tenantId ?? null;
  if (actual !== from) throw ownerChanged(agent, actual, from);
}

async function assertTenant(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<void> {
  if ((await transaction.tenant.count({ where: { id: tenantId } })) === 0)
    throw new Problem('tenant-not-found', 'There is no tenant of that name.');
}

function ownerChanged(agent: AgentName, actual: string | null, believed: string | null): Problem {
  const detail = `The agent ${agent} belongs to ${actual ?? 'nobody'}, not to ${believed ?? 'nobody'}.`;
  return new Problem('owner-changed', detail, { agent, owner: actual });
}

async function ownerOf(transaction: Prisma.TransactionClient, agent: AgentName): Promise<Owner> {
  const row = await transaction.agent.findUnique({ where: { name: agent } });
  return { agent, tenant: (row?.tenantId ?? null) as TenantId | null, since: row?.since?.toISOString() ?? null };
}
