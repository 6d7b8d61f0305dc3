/**
 * Removes events that have been kept for their time, from the front of a tenant's log, in small batches that do not
 * delay appends. First the log says that it begins later, then the events are removed. So a reader with an older cursor
 * is told (`log.gap`) and never misses events in silence. No statement costs more than its batch, however much is due.
 * Each one goes on where the last one stopped, because removed rows slow down a search from the front for a while.
 */
import { Injectable } from '@nestjs/common';
import type { CallId, TenantId } from '../../common/ids.js';
import { Prisma } from '../../database/generated/client.js';
import { PgPool } from '../../database/pg-pool.js';
import { BackgroundPool } from '../../database/pools.js';

/** Events in one batch; it takes a few milliseconds. */
const BATCH = 1000;

/** A batch that was removed. */
export interface Expired {
  readonly events: number;
  /** Calls that lost an event. */
  readonly callIds: readonly CallId[];
  /** The last number, or the position for events without a number; null: no event was left. */
  readonly last: number | null;
}

interface GoneRow {
  call_id: CallId | null;
  position: bigint;
  seq: bigint | null;
}

const ADVANCE = `WITH next AS MATERIALIZED (
    SELECT e.seq, e.received_at < now() - $2 * interval '24 hours' AND e.position <= $3 AS is_due
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
   * Lets a tenant's log begin after the events that came in more than `days` ago and stand no further than `last`, one
   * batch at a time. The times are the database's, which noted them. Returns the number after which the log begins, and
   * whether more may be due.
   */
  async advance(tenantId: TenantId, days: number, last: number): Promise<{ until: number; more: boolean }> {
    const { rows } = await this.background.query<{ until: number; more: boolean }>(ADVANCE, [tenantId, days, last]);
    return rows[0] ?? { until: 0, more: false };
  }

  /** Removes a batch of a tenant's events after a number and up to another one, in order. */
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

  /** Removes a batch of nobody's events that came in more than `days` ago, between two positions and in order. */
  removeUnowned(
    transaction: Prisma.TransactionClient,
    days: number,
    { after, last }: { after: number; last: number },
  ): Promise<Expired> {
    return this.remove(
      transaction,
      Prisma.sql`SELECT position FROM (SELECT position, received_at FROM events
          WHERE tenant_id IS NULL AND position > ${after} AND position <= ${last} ORDER BY position LIMIT ${BATCH}) AS oldest
        WHERE received_at < now() - ${days} * interval '24 hours'`,
    );
  }

  /** The last position of the platform's log at which an event is missing; 0: none is missing. */
  async brokenUntil(): Promise<number> {
    const { rows } = await this.pool.query<{ position: number }>('SELECT position FROM log_expiry WHERE id = 1');
    return rows[0]?.position ?? 0;
  }

  private async remove(transaction: Prisma.TransactionClient, due: Prisma.Sql): Promise<Expired> {
    const found = await transaction.$queryRaw<{ position: bigint }[]>(due);
    const positions = found.map(({ position }) => position);
    if (positions.length === 0) return { events: 0, callIds: [], last: null };
    const gone = Prisma.sql`WHERE position = ANY (${positions}) RETURNING call_id, position, seq`;
    // The order matters: a row that is moved from one table to the other meanwhile is found in its new place.
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
