/**
 * The enabled rules of tenants, compiled and kept until they change. The bus announces a change; a regular look finds
 * changes whose announcement was lost.
 */
import { LRUCache } from 'lru-cache';
import { Injectable, OnModuleDestroy } from '@nestjs/common';
import type { QueryResultRow } from 'pg';
import type { Subscription } from 'rxjs';
import { Bus } from '../bus/bus.js';
import type { TenantId } from '../common/ids.js';
import { ReaderPool } from '../database/pools.js';
import { type StoredRule, ruleOf } from './rule-row.js';
import { RuleSet } from './rule-set.js';

/** Tenants whose rules are kept compiled. */
const MAX_TENANTS = 10_000;
/** A change that was not announced is found within this time. */
const LOOK_MS = 5000;

const REVISION = `SELECT count(*)::text || ' ' || coalesce(sum(version), 0) || ' ' || coalesce(max(changed_at)::text, '') AS revision
  FROM rules WHERE tenant_id = $1`;
const ENABLED = `SELECT id, name, agents, "when", once, since FROM rules WHERE tenant_id = $1 AND enabled ORDER BY created_at, id`;
const TIMED = `SELECT r.tenant_id AS "tenantId", count(*)::text || ' ' || sum(r.version) || ' ' || max(r.changed_at)::text AS revision
  FROM rules r JOIN tenants t ON t.id = r.tenant_id AND t.status = 'active' WHERE r.enabled AND r.timed GROUP BY r.tenant_id`;

/** A tenant with rules that wait for time. The revision changes when they do. */
export interface TimedTenant {
  readonly tenantId: TenantId;
  readonly revision: string;
}

interface Known {
  readonly set: RuleSet;
  readonly revision: string;
  lookedAt: number;
}

@Injectable()
export class RuleSets implements OnModuleDestroy {
  private readonly known = new LRUCache<TenantId, Known>({ max: MAX_TENANTS });
  private readonly subscription: Subscription;

  constructor(
    private readonly pool: ReaderPool,
    bus: Bus,
  ) {
    this.subscription = bus.messages.subscribe((message) => {
      if (message.kind === 'readers-changed') this.lookAgain(message.tenantId as TenantId);
    });
  }

  onModuleDestroy(): void {
    this.subscription.unsubscribe();
  }

  /** Returns the same object while the rules are the same. */
  async of(tenantId: TenantId): Promise<RuleSet> {
    const known = this.known.get(tenantId);
    const now = performance.now();
    if (known !== undefined && now - known.lookedAt < LOOK_MS) return known.set;
    if (known !== undefined) known.lookedAt = now;
    const { rows } = await this.pool.query<{ revision: string }>(REVISION, [tenantId]);
    const revision = rows[0]?.revision ?? '';
    if (known?.revision === revision) return known.set;
    const { rows: stored } = await this.pool.query<StoredRule>(ENABLED, [tenantId]);
    const set = new RuleSet(stored.flatMap((row) => ruleOf(row) ?? []));
    this.known.set(tenantId, { set, revision, lookedAt: now });
    return set;
  }

  /** Only active tenants. */
  async timedTenants(): Promise<readonly TimedTenant[]> {
    return (await this.pool.query<TimedTenant & QueryResultRow>(TIMED)).rows;
  }

  /** A change was announced: the next look asks the database. */
  lookAgain(tenantId: TenantId): void {
    const known = this.known.get(tenantId);
    if (known !== undefined) known.lookedAt = -Infinity;
  }
}
