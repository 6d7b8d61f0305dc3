/**
 * Takes a tenant out of the log, in small batches that need no append lock: first its calls, so that nothing more is stamped with it,
 * then its events. Every batch is a transaction of the caller's, and may be the last one of this process.
 */
import { Injectable } from '@nestjs/common';
import type { TenantId } from '../../common/ids.js';
import { takeAppendLock } from '../../database/append-lock.js';
import type { Prisma } from '../../database/generated/client.js';
import { LogExpiry } from './log-expiry.js';

/** Calls a batch: an append that has an event of one of them waits for it. */
const CALLS = 200;

@Injectable()
export class LogErasure {
  constructor(private readonly expiry: LogExpiry) {}

  /** How many events a tenant has at most. */
  async size(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<number> {
    const head = await transaction.tenantHead.findUnique({ where: { tenantId } });
    return head === null ? 0 : Number(head.seq - head.expiredUntil);
  }

  /**
   * Makes some of a tenant's calls nobody's, the newest first: the platform's route to late events of theirs leads to nobody. Answers
   * with how many rows they had, and the place from which to go on.
   */
  async releaseCalls(
    transaction: Prisma.TransactionClient,
    tenantId: TenantId,
    from: bigint | null,
  ): Promise<{ calls: number; from: bigint | null }> {
    // Of the rows of a call, that one routes which the platform made; the others say whose it was, and to nobody.
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

  /** Waits until every append has committed that may have seen the tenant's calls as its own. Takes the append lock for a moment. */
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

  /** Its numbers, when its events are gone. */
  async removeHead(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<void> {
    await transaction.$executeRaw`DELETE FROM tenant_heads WHERE tenant_id = ${tenantId}`;
    await transaction.$executeRaw`DELETE FROM log_marks WHERE tenant_id = ${tenantId}`;
    await transaction.$executeRaw`DELETE FROM log_marked WHERE tenant_id = ${tenantId}`;
    // There are few of them: events/log/idempotency-keys.ts.
    await transaction.$executeRaw`DELETE FROM idempotency_keys WHERE tenant_id = ${tenantId}`;
  }
}
