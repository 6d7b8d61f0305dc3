/** That an operator read a call of a tenant: the tenant finds it in its own book. */
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
  /** By reader, tenant and call: when it was written, by the monotonic clock; the oldest first. */
  private readonly written = new Map<string, number>();

  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  /** Resolves when it is in the books. What nobody owns is in nobody's. */
  async note(tenantId: TenantId | null, callId: CallId, actor: Actor): Promise<void> {
    if (tenantId === null) return;
    const reading = JSON.stringify([actor.name, tenantId, callId]);
    const now = performance.now();
    if (now - (this.written.get(reading) ?? -Infinity) < ONE_READING_MS) return;
    const change = { action: 'call.read', target: callId, before: null, after: null, books: [{ tenantId }] };
    await this.audit.record(this.prisma, actor, change);
    this.written.delete(reading);
    this.written.set(reading, now);
    const oldest = this.written.keys().next();
    if (this.written.size > MAX_READINGS && !oldest.done) this.written.delete(oldest.value);
  }
}
