/**
 * Takes a tenant out of the log, in small batches that need no append lock: first its calls, so that no further event
 * is stamped with the tenant, then its events. Every batch is a transaction of the caller's. The process may end after
 * any of them.
 */
import { Injectable } from '@nestjs/common';
import type { TenantId } from '../../common/ids.js';
import { takeAppendLock } from '../../database/append-lock.js';
import type { Prisma } from '../../database/generated/client.js';
import { LogExpiry } from './log-expiry.js';

/** Calls in one batch. An append that has an event of one of them waits for the batch. */
const CALLS = 200;

@Injectable()
export class LogErasure {
  constructor(private readonly expiry: LogExpiry) {}

  /** An upper bound of a tenant's number of events. */
  async size(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<number> {
    const head = await transaction.tenantHead.findUnique({ where: { tenantId } });
    return head === null ? 0 : Number(head.seq - head.expiredUntil);
  }

  /**
   * Makes some of a tenant's calls nobody's, the newest first, so that late events of these calls belong to nobody.
   * Returns how many rows the calls had, and the place from which to go on.
   */
  async releaseCalls(
    transaction: Prisma.TransactionClient,
    tenantId: TenantId,
    from: bigint | null,
  ): Promise<{ calls: number; from: bigint | null }> {
    // Only a row that the platform made routes later events: it becomes nobody's. The other rows are deleted.
    const [row] = await transaction.$queryRaw<{ calls: number; oldest: bigint | null }[]>`
      WITH due AS MATERIALIZED (SELECT call_id, agent, by_platform, first_position FROM call_tenants
        WHERE tenant_id = ${tenantId} AND (${from}::bigint IS NULL OR first_position <= ${from})
        ORDER BY first_position DESC LIMIT ${CALLS} FOR UPDATE),
      removed AS (DELETE FROM call_tenants c USING due d WHERE c.call_id = d.call_id AND c.tenant_id = ${tenantId}
        AND c.agent = d.agent AND NOT c.by_platform AND NOT d.by_platform),
      released AS (UPDATE call_tenants c SET tenant_id = '' FROM due d WHERE c.call_id = d.call_id
        AND c.tenant_id = ${tenantId} AND c.agent = d.agent AND c.by_platform AND d.by_platform)
      SELECT count(*)::int AS calls, min(first_position) AS oldest FROM due`;
    return { calls: row?.calls ?? 0, from: row?.oldest ?? null };
  }

  /**
   * Waits until every append that may have seen the calls as the tenant's own has committed. Takes the append lock for
   * a moment.
   */
  async awaitAppends(transaction: Prisma.TransactionClient): Promise<void> {
    await takeAppendLock(transaction);
  }

  /** Removes some of a tenant's events, after a number and in order. */
  async removeEvents(
    transaction: Prisma.TransactionClient,
    tenantId: TenantId,
    afterSeq: number,
  ): Promise<{ events: number; lastSeq: number | null }> {
    const { events, last } = await this.expiry.removeBetween(transaction, tenantId, afterSeq, Number.MAX_SAFE_INTEGER);
    return { events, lastSeq: last };
  }

  /** Removes a tenant's numbers, once its events are gone. */
  async removeHead(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<void> {
    await transaction.$executeRaw`DELETE FROM tenant_heads WHERE tenant_id = ${tenantId}`;
    await transaction.$executeRaw`DELETE FROM log_marks WHERE tenant_id = ${tenantId}`;
    await transaction.$executeRaw`DELETE FROM log_marked WHERE tenant_id = ${tenantId}`;
    // There are few of them: events/log/idempotency-keys.ts.
    await transaction.$executeRaw`DELETE FROM idempotency_keys WHERE tenant_id = ${tenantId}`;
  }
}
