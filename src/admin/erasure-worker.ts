/**
 * Removes what is left of tenants whose rights have ended, batch by batch. Each batch is a transaction of its own that
 * also says how far it came. So a kill at any instant loses nothing, and any process can go on. Appends wait for it
 * only for a moment between the first two steps. The steps, in order: the tenant's calls become nobody's, so that no
 * further event is stamped with it; appends that saw the calls as its own are waited for; its events are removed; then
 * what was made of them; then its book; and last its name is freed.
 */
import { Injectable, Logger, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { AuditLog, SYSTEM } from '../audit/audit-log.js';
import { CallStore } from '../calls/projection/call-store.js';
import { Doorbell, untilStopped } from '../common/waiting.js';
import { Backoff } from '../common/backoff.js';
import type { TenantId } from '../common/ids.js';
import { eventsErased } from '../common/metrics.js';
import type { Prisma } from '../database/generated/client.js';
import { PrismaService } from '../database/prisma.service.js';
import { LogErasure } from '../events/log/log-erasure.js';
import { type TenantErasure, TenantErasures } from '../tenants/tenant-erasures.js';

/** How often to look for work that another process has left behind. */
const LOOK_MS = 5000;
/** After a batch the database rests for as long as the batch took, but no longer than this. */
const MAX_REST_MS = 100;
const POLL_MS = 25;

/** The outcome of a batch: where to go on; null: the step is done. */
interface Batch {
  readonly cursor: string | null;
  readonly events?: number;
}

type Step = (transaction: Prisma.TransactionClient, erasure: TenantErasure) => Promise<Batch>;

const DONE: Batch = { cursor: null };

@Injectable()
export class ErasureWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Erasure');
  private readonly doorbell = new Doorbell();
  private readonly abort = new AbortController();
  private running: Promise<void> | undefined;
  private readonly steps: readonly (readonly [name: string, step: Step])[];

  constructor(
    private readonly prisma: PrismaService,
    private readonly erasures: TenantErasures,
    private readonly log: LogErasure,
    private readonly calls: CallStore,
    private readonly audit: AuditLog,
  ) {
    this.steps = [
      ['release', (transaction, erasure) => this.release(transaction, erasure)],
      ['appends', (transaction) => this.log.awaitAppends(transaction).then(() => DONE)],
      // The events that those appends have stamped meanwhile.
      ['release the last', (transaction, erasure) => this.release(transaction, erasure)],
      ['events', (transaction, erasure) => this.removeEvents(transaction, erasure)],
      ['transcripts', (transaction, erasure) => this.removeCalls(transaction, erasure, 'call_parts')],
      ['calls', (transaction, erasure) => this.removeCalls(transaction, erasure, 'calls')],
      ['book', (transaction, erasure) => this.removeBook(transaction, erasure)],
    ];
  }

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.abort.abort();
    this.doorbell.ring();
    await untilStopped(this.running);
  }

  /** Resolves when nothing is left of the tenant, or after `maxMs`. */
  async settle(tenantId: TenantId, maxMs: number): Promise<void> {
    this.doorbell.ring();
    const deadline = performance.now() + maxMs;
    while (performance.now() < deadline && (await this.erasures.isUnderWay(tenantId))) await wait(POLL_MS);
  }

  private async run(): Promise<void> {
    const { signal } = this.abort;
    const backoff = new Backoff({ firstMs: 100, maxMs: LOOK_MS });
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        const worked = await this.work();
        backoff.reset();
        if (!worked) await this.doorbell.wait(LOOK_MS);
        else await wait(Math.min(MAX_REST_MS, performance.now() - startedAt), undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        this.logger.warn(`an erasure will go on later: ${(error as Error).message}`);
        await this.doorbell.wait(backoff.nextMs());
      }
    }
  }

  /** Removes one batch. False: there is no work that another process is not doing. */
  private work(): Promise<boolean> {
    return this.prisma.$transaction(async (transaction) => {
      const erasure = await this.erasures.claim(transaction);
      if (erasure === undefined) return false;
      const index = Math.max(
        0,
        this.steps.findIndex(([name]) => name === erasure.step),
      );
      const step = this.steps[index]?.[1];
      const { cursor, events = 0 } = (await step?.(transaction, erasure)) ?? DONE;
      const erased = erasure.erased + events;
      const next = cursor === null ? this.steps[index + 1]?.[0] : erasure.step;
      if (next === undefined) await this.end(transaction, { ...erasure, erased });
      else await this.erasures.move(transaction, { ...erasure, step: next, cursor, erased });
      eventsErased.inc(events);
      return true;
    });
  }

  private async release(transaction: Prisma.TransactionClient, { tenantId, cursor }: TenantErasure): Promise<Batch> {
    const { from } = await this.log.releaseCalls(transaction, tenantId, cursor === null ? null : BigInt(cursor));
    return { cursor: from === null ? null : String(from) };
  }

  private async removeEvents(transaction: Prisma.TransactionClient, erasure: TenantErasure): Promise<Batch> {
    const { events, lastSeq } = await this.log.removeEvents(transaction, erasure.tenantId, Number(erasure.cursor ?? 0));
    return { cursor: lastSeq === null ? null : String(lastSeq), events };
  }

  private async removeCalls(
    transaction: Prisma.TransactionClient,
    { tenantId, cursor }: TenantErasure,
    of: 'calls' | 'call_parts',
  ): Promise<Batch> {
    await this.calls.lock(transaction);
    return { cursor: await this.calls.erase(transaction, tenantId, of, cursor ?? '') };
  }

  private async removeBook(transaction: Prisma.TransactionClient, { tenantId }: TenantErasure): Promise<Batch> {
    return { cursor: (await this.audit.erase(transaction, tenantId)) === 0 ? null : 'some' };
  }

  private async end(transaction: Prisma.TransactionClient, { tenantId, erased }: TenantErasure): Promise<void> {
    await this.log.removeHead(transaction, tenantId);
    await this.erasures.end(transaction, tenantId);
    const change = { action: 'tenant.erased', target: tenantId, before: { events: erased }, after: null };
    await this.audit.record(transaction, SYSTEM, { ...change, books: [], about: [tenantId] });
  }
}
