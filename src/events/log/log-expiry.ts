/**
 * Takes away what has been kept for its time: from the front of a tenant's log, in small batches that hold no append up. First
 * the log says that it begins later, then the events go: a cursor before that is told so (`log.gap`), never passed over. No
 * statement costs more than its batch, however much is due; each goes on where the last one stopped, for what was removed is in
 * the way of a search from the front for a while.
 */
import { Injectable } from '@nestjs/common';
import type { CallId, TenantId } from '../../common/ids.js';
import { Prisma } from '../../database/generated/client.js';
import { PgPool } from '../../database/pg-pool.js';
import { BackgroundPool } from '../../database/pools.js';

/** Events a batch; a few milliseconds. */
const BATCH = 1000;

/** A batch that is gone. */
export interface Expired {
  readonly events: number;
  /** Calls that lost an event. */
  readonly callIds: readonly CallId[];
  /** The last number, or position where they have none; null: there was none left. */
  readonly last: number | null;
}

interface GoneRow {
  call_id: CallId | null;
  position: bigint;
  seq: bigint | null;
}

const ADVANCE = `WITH next AS MATERIALIZED (
    SELECT e.seq, e.received_at < now() - $2 * interval '24 hours' AS is_due
    FROM tenant_heads h JOIN events e ON e.tenant_id = h.tenant_id AND e.seq > h.expired_until
    WHERE h.tenant_id = $1 ORDER BY e.seq LIMIT ${BATCH}
  ), found AS (
    SELECT coalesce(min(seq) FILTER (WHERE NOT is_due) - 1, max(seq)) AS until,
           count(*) FILTER (WHERE is_due) = ${BATCH} AS more FROM next
  )
  UPDATE tenant_heads h SET expired_until = greatest(h.expired_until, f.until) FROM found f WHERE h.tenant_id = $1
  RETURNING h.expired_until AS until, f.more`;

@Injectable()
export class LogExpiry {
  constructor(
    private readonly pool: PgPool,
    private readonly background: BackgroundPool,
  ) {}

  /**
   * Lets a tenant's log begin after what came in so long ago, a batch at a time, by the database's clock, which noted it. Answers
   * with the number after which it begins, and whether more may be due.
   */
  async advance(tenantId: TenantId, days: number): Promise<{ until: number; more: boolean }> {
    const { rows } = await this.background.query<{ until: number; more: boolean }>(ADVANCE, [tenantId, days]);
    return rows[0] ?? { until: 0, more: false };
  }

  /** A batch of a tenant's events after a number and up to another one, in order. */
  removeBetween(
    transaction: Prisma.TransactionClient,
    tenantId: TenantId,
    after: number,
    until: number,
  ): Promise<Expired> {
    return this.remove(
      transaction,
      Prisma.sql`SELECT position FROM events
        WHERE tenant_id = ${tenantId} AND seq > ${after} AND seq <= ${until} ORDER BY seq LIMIT ${BATCH}`,
    );
  }

  /** A batch of what belongs to nobody and came in so long ago, after a position and in order. */
  removeUnowned(transaction: Prisma.TransactionClient, days: number, after: number): Promise<Expired> {
    return this.remove(
      transaction,
      Prisma.sql`SELECT position FROM (SELECT position, received_at FROM events
          WHERE tenant_id IS NULL AND position > ${after} ORDER BY position LIMIT ${BATCH}) AS oldest
        WHERE received_at < now() - ${days} * interval '24 hours'`,
    );
  }

  /** Of the platform's log, the last position at which something is missing; 0: it is whole. */
  async brokenUntil(): Promise<number> {
    const { rows } = await this.pool.query<{ position: number }>('SELECT position FROM log_expiry WHERE id = 1');
    return rows[0]?.position ?? 0;
  }

  private async remove(transaction: Prisma.TransactionClient, due: Prisma.Sql): Promise<Expired> {
    const found = await transaction.$queryRaw<{ position: bigint }[]>(due);
    const positions = found.map(({ position }) => position);
    if (positions.length === 0) return { events: 0, callIds: [], last: null };
    const gone = Prisma.sql`WHERE position = ANY (${positions}) RETURNING call_id, position, seq`;
    // In this order: what is moved from one to the other meanwhile is found in its new place.
    const before = await transaction.$queryRaw<GoneRow[]>`DELETE FROM events_before ${gone}`;
    const rest = await transaction.$queryRaw<GoneRow[]>`DELETE FROM log_events ${gone}`;
    const rows = [...before, ...rest];
    const last = positions.at(-1) ?? 0n;
    await transaction.$executeRaw`UPDATE log_expiry SET position = greatest(position, ${last}) WHERE id = 1`;
    const callIds = [...new Set(rows.flatMap(({ call_id }) => call_id ?? []))];
    const lastSeq = rows.find(({ position }) => position === last)?.seq;
    return { events: rows.length, callIds, last: Number(lastSeq ?? last) };
  }
}
