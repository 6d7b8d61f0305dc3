import { Injectable } from '@nestjs/common';
import { Ownership } from '../agents/ownership.js';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import { Bus } from '../bus/bus.js';
import type { TenantId } from '../common/ids.js';
import { CallStore } from '../calls/call-store.js';
import { takeAppendLock } from '../database/append-lock.js';
import { PrismaService } from '../database/prisma.service.js';
import { EventLog } from '../events/event-log.js';
import { TenantsService } from '../tenants/tenants.service.js';

@Injectable()
export class ErasureService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly tenants: TenantsService,
    private readonly ownership: Ownership,
    private readonly log: EventLog,
    private readonly calls: CallStore,
    private readonly audit: AuditLog,
    private readonly bus: Bus,
  ) {}

  /**
   * Erases a tenant with its tokens, calls and events, in one transaction under the append lock: no event of its calls is
   * stamped with it afterwards. Its agents then belong to nobody; the operator's book keeps that it was. Throws `tenant-not-found`.
   */
  async erase(tenantId: TenantId, actor: Actor): Promise<void> {
    await this.prisma.$transaction(async (transaction) => {
      const position = await takeAppendLock(transaction);
      await this.ownership.releaseAll(transaction, tenantId, position);
      await this.log.erase(transaction, tenantId);
      await this.calls.erase(transaction, tenantId);
      await this.tenants.delete(transaction, tenantId);
      await this.audit.erase(transaction, tenantId);
      const change = { action: 'tenant.erase', target: tenantId, before: { tenant: tenantId }, after: null };
      await this.audit.record(transaction, actor, { ...change, books: [], about: [tenantId] });
    });
    this.bus.publish({ kind: 'tenant-changed', tenantId, status: 'deleted' });
  }
}
