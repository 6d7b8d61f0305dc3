import { Injectable } from '@nestjs/common';
import { Ownership } from '../agents/ownership.js';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import { Bus } from '../bus/bus.js';
import { CallStore } from '../calls/call-store.js';
import { type Whose, noSuchCall, ownerAmong } from '../calls/whose.js';
import type { CallId, TenantId } from '../common/ids.js';
import { takeAppendLock } from '../database/append-lock.js';
import type { Prisma } from '../database/generated/client.js';
import { PrismaService } from '../database/prisma.service.js';
import { CallErasure, type ErasedCall } from '../events/call-erasure.js';
import { EventLog } from '../events/event-log.js';
import { LogInquiry } from '../events/log-inquiry.js';
import { TenantsService } from '../tenants/tenants.service.js';

@Injectable()
export class ErasureService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly tenants: TenantsService,
    private readonly ownership: Ownership,
    private readonly log: EventLog,
    private readonly inquiry: LogInquiry,
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
   * it is taken in again. Both books keep that it was, without the content. Without `whose`, what nobody owns under that id is erased
   * as well. Throws `call-not-found`, also when it was erased before; `validation` when several tenants have a call of that id.
   */
  async eraseCall(callId: CallId, whose: Whose, actor: Actor): Promise<void> {
    const known = await this.inquiry.tenantsOfCallAcrossTenants(callId);
    const owner = ownerAmong(known, whose);
    const goesAlong = whose === undefined && owner !== null && known.includes(null);
    const names = [owner, ...(goesAlong ? [null] : [])].map((tenantId) => ({ tenantId, callId }));
    const erased = await this.prisma.$transaction(async (transaction) => {
      // Before the append lock: appends need not wait for a batch of the projection.
      await this.calls.lock(transaction);
      let head = await takeAppendLock(transaction);
      const done: ErasedCall[] = [];
      for (const name of names) {
        const one = await this.callErasure.erase(transaction, head, name);
        if (one === undefined) continue;
        head += 1n;
        await this.calls.eraseCall(transaction, name);
        await this.recordErasure(transaction, one, callId, actor);
        done.push(one);
      }
      return done;
    });
    // Somebody else was quicker.
    if (erased.length === 0) throw noSuchCall();
    for (const one of erased) this.callErasure.announce(callId, one);
  }

  private async recordErasure(
    transaction: Prisma.TransactionClient,
    { tenantId, events }: ErasedCall,
    callId: CallId,
    actor: Actor,
  ): Promise<void> {
    const change = { action: 'call.erase', target: callId, before: { events }, after: null };
    await this.audit.record(transaction, actor, { ...change, books: tenantId === null ? [] : [{ tenantId }] });
  }
}
