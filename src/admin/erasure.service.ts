import { Injectable } from '@nestjs/common';
import { Ownership } from '../agents/ownership.js';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import { TokensService } from '../auth/tokens/tokens.service.js';
import { Bus } from '../bus/bus.js';
import { CallStore } from '../calls/projection/call-store.js';
import { type Whose, noSuchCall, ownerAmong } from '../calls/lists/whose.js';
import type { Patience } from '../common/fair-slots.js';
import type { CallId, TenantId } from '../common/ids.js';
import { takeAppendLock } from '../database/append-lock.js';
import type { Prisma } from '../database/generated/client.js';
import { PrismaService } from '../database/prisma.service.js';
import { CallErasure, type ErasedCall } from '../events/log/call-erasure.js';
import type { CallName } from '../events/log/event.js';
import { LogErasure } from '../events/log/log-erasure.js';
import { LogInquiry } from '../events/log/log-inquiry.js';
import { TenantErasures } from '../tenants/tenant-erasures.js';
import { TenantsService } from '../tenants/tenants.service.js';
import { WebhookQueries } from '../webhooks/webhook-queries.js';
import { WebhooksService } from '../webhooks/webhooks.service.js';
import { ErasureWorker } from './erasure-worker.js';

/** How long a caller waits for the removal of the rows of a tenant whose rights have ended. */
const SETTLE_MS = 5000;

@Injectable()
export class ErasureService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly tenants: TenantsService,
    private readonly erasures: TenantErasures,
    private readonly worker: ErasureWorker,
    private readonly tokens: TokensService,
    private readonly ownership: Ownership,
    private readonly log: LogErasure,
    private readonly inquiry: LogInquiry,
    private readonly callErasure: CallErasure,
    private readonly calls: CallStore,
    private readonly audit: AuditLog,
    private readonly bus: Bus,
    private readonly webhooks: WebhooksService,
    private readonly webhookQueries: WebhookQueries,
  ) {}

  /**
   * Erases a tenant with its tokens, calls and events. First its rights end: its tokens and streams, and, under the
   * append lock, held for a moment, its ownership. Its agents then belong to nobody. Then the {@link ErasureWorker}
   * removes its rows. The rows of a tenant of usual size are gone when this resolves. The operator's book records the
   * erasure. Throws `tenant-not-found`.
   */
  async erase(tenantId: TenantId, actor: Actor): Promise<void> {
    await this.tenants.endRights(tenantId);
    // Not together with the tenant's row: there may be very many.
    while (await this.tokens.removeSomeOf(tenantId));
    while (await this.webhooks.removeSomeOf(tenantId));
    await this.prisma.$transaction(async (transaction) => {
      await this.ownership.lock(transaction);
      const position = await takeAppendLock(transaction);
      await this.ownership.releaseAll(transaction, tenantId, position);
      await this.tenants.delete(transaction, tenantId);
      await this.erasures.begin(transaction, tenantId, await this.log.size(transaction, tenantId));
      const change = { action: 'tenant.erase', target: tenantId, before: { tenant: tenantId }, after: null };
      await this.audit.record(transaction, actor, { ...change, books: [], about: [tenantId] });
    });
    this.bus.publish({ kind: 'tenant-changed', tenantId, status: 'deleted' });
    await this.worker.settle(tenantId, SETTLE_MS);
  }

  /**
   * Erases what was said in a call, and everything that was made of it. The numbers of its events stay, empty, and no
   * event of it is taken in again. Most of a large call is erased in transactions before the last one. Appends wait for
   * the last one only. If the erasure is cut off in between, repeat it. Both books record it, without the content.
   * Without `whose`, nobody's call with that id is erased as well. Throws `call-not-found`, also when the call was
   * erased before; `validation` when several tenants have a call with that id.
   */
  async eraseCall(callId: CallId, whose: Whose, actor: Actor, patience: Patience): Promise<void> {
    const known = await this.inquiry.tenantsOfCallAcrossTenants(callId, patience);
    const owner = ownerAmong(known, whose);
    const goesAlong = whose === undefined && owner !== null && known.includes(null);
    const names = [owner, ...(goesAlong ? [null] : [])].map((tenantId) => ({ tenantId, callId }));
    const emptied = new Map<TenantId | null, number>();
    for (const name of names) emptied.set(name.tenantId, await this.empty(name));
    const erased = await this.prisma.$transaction(async (transaction) => {
      // This comes before the append lock, so that appends need not wait for a batch of the projection, or for the
      // audit's entries.
      await this.calls.lock(transaction);
      for (const { tenantId } of names)
        if (tenantId !== null) {
          await this.audit.forgetCall(transaction, tenantId, callId);
          await this.webhookQueries.forgetCall(transaction, tenantId, callId);
        }
      let head = await takeAppendLock(transaction);
      const done: ErasedCall[] = [];
      for (const name of names) {
        const one = await this.callErasure.erase(transaction, head, name);
        if (one === undefined) continue;
        head += 1n;
        await this.calls.eraseCall(transaction, name);
        await this.recordErasure(transaction, one, emptied.get(one.tenantId) ?? 0, actor);
        done.push(one);
      }
      return done;
    });
    // Another request was quicker.
    if (erased.length === 0) throw noSuchCall();
    for (const one of erased) this.callErasure.announce(callId, one);
  }

  /**
   * Empties what the log has of a call now, batch by batch, without the append lock. Returns how many events were
   * emptied.
   */
  private async empty(name: CallName): Promise<number> {
    let events = 0;
    for (let after: bigint | null = 0n; after !== null;) {
      const from: bigint = after;
      const some = await this.prisma.$transaction((transaction) => this.callErasure.emptySome(transaction, name, from));
      events += some.events;
      after = some.last;
    }
    const parts = async (transaction: Prisma.TransactionClient) => {
      await this.calls.lock(transaction);
      return this.calls.eraseSomeParts(transaction, name);
    };
    while (await this.prisma.$transaction(parts));
    return events;
  }

  private async recordErasure(
    transaction: Prisma.TransactionClient,
    { tenantId, events, notice }: ErasedCall,
    emptied: number,
    actor: Actor,
  ): Promise<void> {
    // The call's id may be a phone number. So each book names the event that tells of the erasure, by its own numbers.
    const { position, seq } = notice;
    const change = {
      action: 'call.erase',
      target: `event ${position}`,
      before: { events: emptied + events },
      after: null,
    };
    const books = tenantId === null ? [] : [{ tenantId, target: `event ${seq}` }];
    await this.audit.record(transaction, actor, { ...change, books });
  }
}
