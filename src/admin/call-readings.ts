/** That an operator read a call of a tenant: the tenant finds it in its own book. */
import { LRUCache } from 'lru-cache';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import type { CallId, TenantId } from '../common/ids.js';
import { PrismaService } from '../database/prisma.service.js';

/** Who reads a call again within it, as a page does that follows it, reads it once. */
const ONE_READING_MS = 3600_000;
/** Readings that are remembered, so that they are not written again; past it some may be. */
const MAX_READINGS = 10_000;

@Injectable()
export class CallReadings {
  /** By reader, tenant and call: it was written within {@link ONE_READING_MS}. Kept from the writing on, not from the last use. */
  private readonly written = new LRUCache<string, true>({ max: MAX_READINGS, ttl: ONE_READING_MS });

  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  /** Resolves when it is in the books. What nobody owns is in nobody's. */
  async note(tenantId: TenantId | null, callId: CallId, actor: Actor): Promise<void> {
    if (tenantId === null) return;
    const reading = JSON.stringify([actor.name, tenantId, callId]);
    if (this.written.has(reading)) return;
    const change = { action: 'call.read', target: callId, before: null, after: null, books: [{ tenantId }] };
    await this.audit.record(this.prisma, actor, change);
    this.written.set(reading, true);
  }
}
