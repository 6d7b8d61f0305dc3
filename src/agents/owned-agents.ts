/**
 * What tenants own, as streams tell it. It never lists more names than a reader can be expected to take. Every change
 * gives another revision, so one row for each tenant shows that a reader was told something else. The database keeps
 * the rows (triggers on `agents`).
 */
import { Injectable } from '@nestjs/common';
import { Collected } from '../common/collected.js';
import type { AgentName, TenantId } from '../common/ids.js';
import { PgPool } from '../database/pg-pool.js';

/**
 * Names that a greeting or `agents.changed` lists. If there are more, it says how many. A frame of them is 128 KiB at
 * most.
 */
export const MAX_LISTED = 1000;
/** Tenants whose names are remembered. */
const MAX_KEPT = 200;

/** What a reader's tenant owns, within the reader's filter. */
export interface OwnedSet {
  readonly revision: number;
  readonly count: number;
  /** In order; null: there are too many to list. */
  readonly agents: readonly AgentName[] | null;
}

type Row<Value> = Value & { readonly tenantId: TenantId };

const REVISIONS = `SELECT t.id AS "tenantId", coalesce(a.revision, 0) AS revision
  FROM unnest($1::text[]) AS t(id) LEFT JOIN tenant_agents a ON a.tenant_id = t.id`;
const SETS = `SELECT t.id AS "tenantId", coalesce(a.revision, 0) AS revision, coalesce(a.agents, 0) AS count,
    CASE WHEN coalesce(a.agents, 0) <= $2
      THEN ARRAY(SELECT name FROM agents WHERE agents.tenant_id = t.id ORDER BY name LIMIT $2) END AS agents
  FROM unnest($1::text[]) AS t(id) LEFT JOIN tenant_agents a ON a.tenant_id = t.id`;
const AMONG = 'SELECT name FROM agents WHERE tenant_id = $1 AND name = ANY ($2) ORDER BY name';

@Injectable()
export class OwnedAgents {
  private readonly revisions = new Collected<TenantId, number>((tenantIds) => this.revisionsOf(tenantIds));
  private readonly sets = new Collected<TenantId, OwnedSet>((tenantIds) => this.setsOf(tenantIds));
  /** In the order in which they were read. */
  private readonly kept = new Map<TenantId, OwnedSet>();

  constructor(private readonly pool: PgPool) {}

  /** The set at a moment after the call. With a filter: which of these agents the tenant owns. */
  async of(tenantId: TenantId, filter: ReadonlySet<AgentName> | null): Promise<OwnedSet> {
    const set = await this.whole(tenantId);
    if (filter === null) return set;
    const agents = set.agents?.filter((agent) => filter.has(agent)) ?? (await this.among(tenantId, filter));
    return { revision: set.revision, count: agents.length, agents };
  }

  async revisionsOf(tenantIds: readonly TenantId[]): Promise<Map<TenantId, number>> {
    const { rows } = await this.pool.prepared<Row<{ revision: number }>>('agent-revisions', REVISIONS, [tenantIds]);
    return new Map(rows.map(({ tenantId, revision }) => [tenantId, revision]));
  }

  private async whole(tenantId: TenantId): Promise<OwnedSet> {
    const revision = await this.revisions.get(tenantId);
    const known = this.kept.get(tenantId);
    if (known?.revision === revision) return known;
    const set = await this.sets.get(tenantId);
    this.kept.delete(tenantId);
    this.kept.set(tenantId, set);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MAX_KEPT) break;
      this.kept.delete(oldest);
    }
    return set;
  }

  private async setsOf(tenantIds: readonly TenantId[]): Promise<Map<TenantId, OwnedSet>> {
    const { rows } = await this.pool.prepared<Row<OwnedSet>>('owned-agents', SETS, [tenantIds, MAX_LISTED]);
    return new Map(rows.map(({ tenantId, ...set }) => [tenantId, set]));
  }

  private async among(tenantId: TenantId, filter: ReadonlySet<AgentName>): Promise<AgentName[]> {
    const { rows } = await this.pool.prepared<{ name: AgentName }>('owned-among', AMONG, [tenantId, [...filter]]);
    return rows.map(({ name }) => name);
  }
}

/** The form that a client is told: the names or, if there are too many, their number. */
export function listed({ agents, count }: OwnedSet): { agents: OwnedSet['agents']; agentCount?: number } {
  return agents === null ? { agents, agentCount: count } : { agents };
}
