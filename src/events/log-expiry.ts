/**
 * Takes away what has been kept for its time: from the front of a tenant's log, in small batches that hold no append up. First
 * the log says that it begins later, then the events go: a cursor before that is told so (`log.gap`), never passed over.
 */
import { Injectable } from '@nestjs/common';
import type { CallId, TenantId } from '../common/ids.js';
import { Prisma } from '../database/generated/client.js';
import { PgPool } from '../database/pg-pool.js';
import { BackgroundPool } from '../database/pools.js';

/** Events a batch; a few milliseconds. */
const BATCH = 1000;

export interface Expired {
  readonly events: number;
  /** Calls that lost an event. */
  readonly callIds: readonly CallId[];
}

interface BatchRow {
  events: number;
  call_ids: CallId[] | null;
  last: bigint | null;
}

const DUE = `SELECT coalesce(
    (SELECT e.seq - 1 FROM events e WHERE e.tenant_id = h.tenant_id AND e.received_at >= now() - $2 * interval '24 hours' ORDER BY e.seq LIMIT 1), h.seq) AS until
  FROM tenant_heads h WHERE h.tenant_id = $1`;

@Injectable()
export class LogExpiry {
  constructor(
    private readonly pool: PgPool,
    private readonly background: BackgroundPool,
  ) {}

  /** Lets a tenant's log begin after what came in so long ago, by the database's clock, which noted it. Answers with the number after which it begins. */
  async advance(tenantId: TenantId, days: number): Promise<number> {
    const { rows } = await this.background.query<{ until: number }>(DUE, [tenantId, days]);
    const until = rows[0]?.until ?? 0;
    await this.background.query(
      'UPDATE tenant_heads SET expired_until = $2 WHERE tenant_id = $1 AND expired_until < $2',
      [tenantId, until],
    );
    return until;
  }

  /** A batch of a tenant's events up to that number; none when all are gone. */
  removeUntil(transaction: Prisma.TransactionClient, tenantId: TenantId, until: number): Promise<Expired> {
    return this.remove(transaction, Prisma.sql`tenant_id = ${tenantId} AND seq <= ${until} ORDER BY seq`);
  }

  /** A batch of what belongs to nobody and came in so long ago. */
  removeUnowned(transaction: Prisma.TransactionClient, days: number): Promise<Expired> {
    return this.remove(
      transaction,
      Prisma.sql`tenant_id IS NULL AND received_at < now() - ${days} * interval '24 hours'`,
    );
  }

  /** Of the platform's log, the last position at which something is missing; 0: it is whole. */
  async brokenUntil(): Promise<number> {
    const { rows } = await this.pool.query<{ position: number }>('SELECT position FROM log_expiry WHERE id = 1');
    return rows[0]?.position ?? 0;
  }

  private async remove(transaction: Prisma.TransactionClient, due: Prisma.Sql): Promise<Expired> {
    const [row] = await transaction.$queryRaw<BatchRow[]>`
      WITH due AS (SELECT position FROM events WHERE ${due} LIMIT ${BATCH}),
      gone AS (DELETE FROM events e USING due WHERE e.position = due.position RETURNING e.call_id, e.position)
      SELECT count(*)::int AS events, array_agg(DISTINCT call_id) FILTER (WHERE call_id IS NOT NULL) AS call_ids,
             max(position) AS last FROM gone`;
    if (row?.last)
      await transaction.$executeRaw`UPDATE log_expiry SET position = greatest(position, ${row.last}) WHERE id = 1`;
    return { events: row?.events ?? 0, callIds: row?.call_ids ?? [] };
  }
}
