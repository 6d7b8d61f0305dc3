import { Injectable } from '@nestjs/common';
import { Ownership } from '../agents/ownership.js';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import { Bus } from '../bus/bus.js';
import { CallStore } from '../calls/call-store.js';
import type { CallId, TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { takeAppendLock } from '../database/append-lock.js';
import { PrismaService } from '../database/prisma.service.js';
import { CallErasure } from '../events/call-erasure.js';
import { EventLog } from '../events/event-log.js';
import { TenantsService } from '../tenants/tenants.service.js';

@Injectable()
export class ErasureService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly tenants: TenantsService,
    private readonly ownership: Ownership,
    private readonly log: EventLog,
    private readonly callErasure: CallErasure,
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
      await this.calls.lock(transaction);
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

  /**
   * Erases what was said in a call, and all that was made of it, in one transaction: its events' numbers stay, empty, and nothing of
   * it is taken in again. Both books keep that it was, without the content. Throws `call-not-found`, also when it was erased before.
   */
  async eraseCall(callId: CallId, actor: Actor): Promise<void> {
    const erased = await this.prisma.$transaction(async (transaction) => {
      // Before the append lock: appends need not wait for a batch of the projection.
      await this.calls.lock(transaction);
      const head = await takeAppendLock(transaction);
      const erased = await this.callErasure.erase(transaction, head, callId);
      if (erased === undefined) throw new Problem('call-not-found', 'There is no call of that id.');
      const { tenantId, events } = erased;
      await this.calls.eraseCall(transaction, callId);
      const change = { action: 'call.erase', target: callId, before: { events }, after: null };
      await this.audit.record(transaction, actor, { ...change, books: tenantId === null ? [] : [{ tenantId }] });
      return erased;
    });
    this.callErasure.announce(callId, erased);
  }
}
