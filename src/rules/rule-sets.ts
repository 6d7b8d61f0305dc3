/** The enabled rules of tenants, compiled, for as long as they stay as they are. Word of a change comes by the bus, and is looked for besides. */
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
/** Of a change that nobody told, one is heard after this. */
const LOOK_MS = 5000;

const REVISION = `SELECT count(*)::text || ' ' || coalesce(sum(version), 0) || ' ' || coalesce(max(changed_at)::text, '') AS revision
  FROM rules WHERE tenant_id = $1`;
const ENABLED = `SELECT id, name, agents, "when", once, since FROM rules WHERE tenant_id = $1 AND enabled ORDER BY created_at, id`;
const TIMED = `SELECT r.tenant_id AS "tenantId", count(*)::text || ' ' || sum(r.version) || ' ' || max(r.changed_at)::text AS revision
  FROM rules r JOIN tenants t ON t.id = r.tenant_id AND t.status = 'active' WHERE r.enabled AND r.timed GROUP BY r.tenant_id`;

/** A tenant with rules that wait for time; another revision after a change of them. */
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

  /** The same object while they are the same. */
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

  /** Of those that are active. */
  async timedTenants(): Promise<readonly TimedTenant[]> {
    return (await this.pool.query<TimedTenant & QueryResultRow>(TIMED)).rows;
  }

  /** A change is known of: the next look is at the database. */
  lookAgain(tenantId: TenantId): void {
    const known = this.known.get(tenantId);
    if (known !== undefined) known.lookedAt = -Infinity;
  }
}
