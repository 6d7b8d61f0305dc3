/**
 * Takes partitions out of the log whole, once their events have been kept for their time. A partition costs the same
 * however many events it has: it is taken out under a lock that is held for a moment, its calls are removed, and its
 * table is dropped. If a few tenants keep their events longer, their rows are moved to a table that takes the
 * partition's place. The steps are in the order in which a kill after any of them loses nothing.
 */
import { Injectable } from '@nestjs/common';
import type { QueryResultRow } from 'pg';
import type { CallId, TenantId } from '../../common/ids.js';
import type { Prisma } from '../../database/generated/client.js';
import type { Run } from '../../database/pg-pool.js';
import { BackgroundPool } from '../../database/pools.js';
import { BEHIND, unlessHeld } from './log-partitions.js';

/** A partition into which no event comes any more. */
export interface ClosedPartition {
  readonly name: string;
  /** The positions that it is for. */
  readonly first: number;
  readonly last: number;
  /** Days since its newest event came in, by the database's clock; null: it is empty. */
  readonly age: number | null;
}

/** What a partition has of a tenant. */
export interface Holding {
  /** '' : of nobody. */
  readonly tenant: string;
  readonly events: number;
  /** The tenant's last number in it; null: of nobody. */
  readonly lastSeq: number | null;
  readonly lastPosition: number;
  /** Days since the newest of these events came in. */
  readonly age: number;
}

export interface ExpiredCalls {
  readonly byTenant: ReadonlyMap<string, readonly CallId[]>;
  readonly last: CallId;
}

const AGE = 'extract(epoch FROM now() - received_at)::float8 / 86400';
const CLOSED = `SELECT b.*, e.age FROM (${BEHIND}) b LEFT JOIN LATERAL (SELECT ${AGE} AS age FROM log_events
  WHERE position BETWEEN b.first AND b.last ORDER BY position DESC LIMIT 1) e ON true ORDER BY b.last`;
const HOLDINGS = `SELECT coalesce(tenant_id, '') AS tenant, count(*) AS events, max(seq) AS "lastSeq",
  max(position) AS "lastPosition", min(${AGE}) AS age FROM log_events WHERE position BETWEEN $1 AND $2 GROUP BY 1 ORDER BY 1`;
const ADVANCE = `UPDATE tenant_heads SET expired_until = greatest(expired_until, $2) WHERE tenant_id = $1`;
const BROKEN = 'UPDATE log_expiry SET position = greatest(position, $1) WHERE id = 1';
const TAKEN = `SELECT c.relname AS name FROM pg_class c WHERE c.relname ~ '^log_expired_\\d+$'
  AND log_expired(c.relname) = c.oid ORDER BY c.oid`;

@Injectable()
export class WholeExpiry {
  constructor(private readonly pool: BackgroundPool) {}

  /** The closed partitions, the oldest first. */
  closed(): Promise<ClosedPartition[]> {
    return this.rowsOf<ClosedPartition & QueryResultRow>(CLOSED);
  }

  /** What a partition has, tenant by tenant. It reads the whole partition. */
  holdings({ first, last }: ClosedPartition): Promise<Holding[]> {
    return this.rowsOf<Holding & QueryResultRow>(HOLDINGS, [first, last]);
  }

  /** The logs begin after these events from now on. One tenant at a time, so that no append waits for more. */
  async begin(due: readonly Holding[]): Promise<void> {
    for (const { tenant, lastSeq } of due) if (lastSeq !== null) await this.pool.query(ADVANCE, [tenant, lastSeq]);
    await this.pool.query(BROKEN, [Math.max(...due.map(({ lastPosition }) => lastPosition))]);
  }

  /**
   * Takes a partition out of the log, except for the rows of these tenants. Undefined when others would have to wait,
   * and when another process was quicker. `before`: takes the locks that come before the log's.
   */
  async take(
    { name }: ClosedPartition,
    kept: readonly string[],
    before: (run: Run) => Promise<void>,
  ): Promise<string | undefined> {
    const take = async (run: Run) =>
      (await run<{ taken: string | null }>('SELECT take_log_partition($1, $2) AS taken', [name, kept])).rows[0]?.taken;
    return (await unlessHeld(this.pool, take, before)) ?? undefined;
  }

  /** Tables that were taken out and not dropped yet, by this process or by one that was killed. */
  async taken(): Promise<string[]> {
    return (await this.rowsOf<{ name: string }>(TAKEN)).map(({ name }) => name);
  }

  /**
   * Calls that such a table has events of, after an id, tenant by tenant ('': nobody), and the last id. Undefined:
   * there is no further call.
   */
  async callsIn(table: string, after: string, limit: number): Promise<ExpiredCalls | undefined> {
    const text = 'SELECT call_id AS "callId", tenant_id AS tenant FROM log_expired_calls($1, $2, $3)';
    const rows = await this.rowsOf<{ callId: CallId; tenant: string }>(text, [table, after, limit]);
    const last = rows.at(-1)?.callId;
    const byTenant = new Map<string, CallId[]>(rows.map(({ tenant }) => [tenant, []]));
    for (const { callId, tenant } of rows) byTenant.get(tenant)?.push(callId);
    return last && { byTenant, last };
  }

  /** How many events such a table has of each tenant (null: of nobody), and the last number of each. */
  async eventsIn(table: string): Promise<{ tenantId: TenantId | null; events: number; last: number | null }[]> {
    const text = 'SELECT tenant_id AS tenant, events, last FROM log_expired_events($1)';
    const rows = await this.rowsOf<{ tenant: string; events: number; last: number | null }>(text, [table]);
    return rows.map(({ tenant, ...row }) => ({ tenantId: tenant === '' ? null : (tenant as TenantId), ...row }));
  }

  /** Drops such a table. False: another process was quicker. */
  async drop(transaction: Prisma.TransactionClient, table: string): Promise<boolean> {
    const rows = await transaction.$queryRaw<{ dropped: boolean }[]>`SELECT drop_log_expired(${table}) AS dropped`;
    return rows[0]?.dropped ?? false;
  }

  private async rowsOf<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query<Row>(text, values)).rows;
  }
}
