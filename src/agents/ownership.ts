/**
 * Who owns which agent, now and before. A change takes the append lock: every event before it belongs to the old owner.
 * Of those after it, calls that begin are the new one's; a call that was under way keeps its owner to its end. The SQL
 * function `append_events` (prisma/schema.sql) decides that, by `call_tenants`. A change is compare-and-set, so that
 * exactly one of two claims at the same time wins. Changes are made one after the other. Their look-ups and records are
 * done before the append lock, which is held for three statements, however many agents move.
 */
import { Injectable } from '@nestjs/common';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import { Bus } from '../bus/bus.js';
import type { Patience } from '../common/fair-slots.js';
import { AgentName, TenantId } from '../common/ids.js';
import { moment } from '../common/moment.js';
import { Problem } from '../common/problem.js';
import { takeAppendLock } from '../database/append-lock.js';
import type { Prisma } from '../database/generated/client.js';
import { ReadPool } from '../database/pools.js';
import { PrismaService } from '../database/prisma.service.js';
import { assertTenant } from '../auth/known-tenant.js';

export interface Owner {
  readonly agent: AgentName;
  readonly tenant: TenantId | null;
  readonly since: string | null;
}

/** A tenant's whole set, and how it differs from the set before. */
export interface OwnedNames {
  readonly tenant: TenantId;
  readonly agents: readonly AgentName[];
  readonly added: readonly AgentName[];
  readonly removed: readonly AgentName[];
}

/** Names have up to 128 characters of 4 bytes: 2 × 7 of them stay below the 8,000 bytes of a NOTIFY. */
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
    private readonly pool: ReadPool,
    private readonly audit: AuditLog,
    private readonly bus: Bus,
  ) {}

  /**
   * Gives the agent to `to` (null: to nobody) if its owner is `from`. An agent that was never seen can be given. Throws
   * `owner-changed` with the actual owner, `tenant-not-found`, `agent-not-found` (when an unknown agent is taken away).
   */
  async change(agent: AgentName, from: TenantId | null, to: TenantId | null, actor: Actor): Promise<Owner> {
    const owner = await this.prisma.$transaction(async (transaction) => {
      await this.lock(transaction);
      await assertChange(transaction, { agent, from, to });
      if (from !== to) await this.move(transaction, [{ agent, from, to }], actor);
      return ownerOf(transaction, agent);
    });
    if (from !== to) this.tell(from, [], [agent]);
    if (from !== to) this.tell(to, [agent], []);
    return owner;
  }

  /** Throws what {@link change} would throw; changes nothing. Returns the present owner. */
  assertChangeable(agent: AgentName, from: TenantId | null, to: TenantId | null, patience: Patience): Promise<Owner> {
    const look = async (tables: Prisma.TransactionClient) => {
      await assertChange(tables, { agent, from, to });
      return ownerOf(tables, agent);
    };
    return this.pool.list(null, look, patience);
  }

  /**
   * Makes these, and no others, the tenant's agents: all or nothing. Agents that nobody owns are given; agents that are
   * not in the list are taken away. Throws `owner-changed` when another tenant owns one of them, `tenant-not-found`.
   */
  async setOwned(tenantId: TenantId, agents: readonly AgentName[], actor: Actor): Promise<OwnedNames> {
    const set = await this.prisma.$transaction(async (transaction) => {
      await this.lock(transaction);
      const planned = await planSet(transaction, tenantId, agents);
      if (planned.moves.length > 0) await this.move(transaction, planned.moves, actor);
      return planned.set;
    });
    this.tell(tenantId, set.added, set.removed);
    return set;
  }

  /** What {@link setOwned} would return, or throw; changes nothing. */
  async planOwned(tenantId: TenantId, agents: readonly AgentName[], patience: Patience): Promise<OwnedNames> {
    return (await this.pool.list(null, (tables) => planSet(tables, tenantId, agents), patience)).set;
  }

  /** Take it before the append lock. Then nobody else changes an owner before the transaction ends. */
  async lock(transaction: Prisma.TransactionClient): Promise<void> {
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('ownership', 0))`;
  }

  /**
   * Takes all agents away from a tenant that is erased, within a transaction that holds both locks. Calls that began in
   * its time and are heard of later belong to nobody.
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

  private async move(transaction: Prisma.TransactionClient, moves: readonly Move[], actor: Actor): Promise<void> {
    await this.audit.recordAll(transaction, actor, moves.map(changeOf));
    const [agents, owners, since] = [moves.map(({ agent }) => agent), moves.map(({ to }) => to), moment()];
    const position = await takeAppendLock(transaction);
    await transaction.$executeRaw`INSERT INTO agents (name, tenant_id, since)
      SELECT name, tenant_id, CASE WHEN tenant_id IS NOT NULL THEN ${since}::timestamptz END
      FROM unnest(${agents}::text[], ${owners}::text[]) AS moved(name, tenant_id)
      ON CONFLICT (name) DO UPDATE SET tenant_id = excluded.tenant_id, since = excluded.since`;
    await transaction.$executeRaw`UPDATE ownerships SET until = ${since}, until_position = ${position}
      WHERE agent = ANY (${agents}) AND until IS NULL`;
    await transaction.$executeRaw`INSERT INTO ownerships (agent, tenant_id, since, from_position, changed_by)
      SELECT name, tenant_id, ${since}::timestamptz, ${position}, ${actor.name}
      FROM unnest(${agents}::text[], ${owners}::text[]) AS moved(name, tenant_id) WHERE tenant_id IS NOT NULL`;
  }
}

/** Each tenant's book says what became of the agent for that tenant, never who the other side is. */
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
): Promise<{ set: OwnedNames; moves: Move[] }> {
  await assertTenant(transaction, tenantId);
  const wanted = [...new Set(agents)].sort();
  const rows = await transaction.$queryRaw<{ name: AgentName; owner: TenantId | null }[]>`
    SELECT name, tenant_id AS owner FROM agents WHERE tenant_id = ${tenantId} OR name = ANY (${wanted})`;
  const owners = new Map(rows.map(({ name, owner }) => [name, owner]));
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

function ownerChanged(agent: AgentName, actual: string | null, believed: string | null): Problem {
  const detail = `The agent ${agent} belongs to ${actual ?? 'nobody'}, not to ${believed ?? 'nobody'}.`;
  return new Problem('owner-changed', detail, { agent, owner: actual });
}

async function ownerOf(transaction: Prisma.TransactionClient, agent: AgentName): Promise<Owner> {
  const row = await transaction.agent.findUnique({ where: { name: agent } });
  return { agent, tenant: (row?.tenantId ?? null) as TenantId | null, since: row?.since?.toISOString() ?? null };
}
