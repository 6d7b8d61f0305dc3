/** Records that an operator read a tenant's call, or listened to it. The tenant finds it in its own book. */
import { LRUCache } from 'lru-cache';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import type { CallId, TenantId } from '../common/ids.js';
import { PrismaService } from '../database/prisma.service.js';

/** Repeated reads of a call within this time, as by a page that follows it, count as one. */
const ONE_READING_MS = 3600_000;
/** Readings that are remembered, so that they are not written again. Beyond this number, some may be. */
const MAX_READINGS = 10_000;

@Injectable()
export class CallReadings {
  /**
   * By reader, tenant and call: it was written within {@link ONE_READING_MS}. The time counts from the writing, not
   * from the last use.
   */
  private readonly written = new LRUCache<string, true>({ max: MAX_READINGS, ttl: ONE_READING_MS });

  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  /** Resolves when it is in the books. A call that nobody owns is recorded in no tenant's book. */
  async note(
    tenantId: TenantId | null,
    callId: CallId,
    actor: Actor,
    action: 'call.read' | 'call.listen' = 'call.read',
  ): Promise<void> {
    if (tenantId === null) return;
    const reading = JSON.stringify([action, actor.name, tenantId, callId]);
    if (this.written.has(reading)) return;
    const change = { action, target: callId, before: null, after: null, books: [{ tenantId }] };
    await this.audit.record(this.prisma, actor, change);
    this.written.set(reading, true);
  }
}
