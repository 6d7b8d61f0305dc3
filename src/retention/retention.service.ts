/**
 * Removes events when their time is over, and the calls that they belonged to. The time is each tenant's own, or the
 * configuration's. Parts of the log go whole where they can (whole-partitions.ts), and everything else goes in batches.
 */
import { Inject, Injectable, Logger, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { AuditLog, SYSTEM } from '../audit/audit-log.js';
import { CallStore } from '../calls/projection/call-store.js';
import { jitter } from '../common/backoff.js';
import type { TenantId } from '../common/ids.js';
import { eventsExpired } from '../common/metrics.js';
import { ENV, type Env } from '../config/env.js';
import type { Prisma } from '../database/generated/client.js';
import { PrismaService } from '../database/prisma.service.js';
import { type Expired, LogExpiry } from '../events/log/log-expiry.js';
import { LogPartitions } from '../events/log/log-partitions.js';
import { TenantsService } from '../tenants/tenants.service.js';
import { WholePartitions, batchedUntil } from './whole-partitions.js';

const EVERY_MS = 10 * 60_000;

/** Removes a batch after a number, or a position. */
type RemoveBatch = (transaction: Prisma.TransactionClient, after: number) => Promise<Expired>;

@Injectable()
export class RetentionService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Retention');
  private readonly abort = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly tenants: TenantsService,
    private readonly expiry: LogExpiry,
    private readonly partitions: LogPartitions,
    private readonly whole: WholePartitions,
    private readonly calls: CallStore,
    private readonly audit: AuditLog,
    private readonly prisma: PrismaService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.runNowAndThen();
  }

  async onApplicationShutdown(): Promise<void> {
    this.abort.abort();
    await this.running;
  }

  /** Removes everything that is due. Several processes may do this at the same time. */
  async run(): Promise<void> {
    const { retentionDays } = this.env;
    const terms = await this.tenants.retentionAcrossTenants(retentionDays);
    const all = new Map<string, number>(terms.map(({ tenantId, days }) => [tenantId, days]));
    if (retentionDays !== undefined) all.set('', retentionDays);
    const closed = await this.whole.run(all, this.abort.signal);
    for (const { tenantId, days } of terms) {
      const { events, until } = await this.expire(tenantId, days, batchedUntil(closed, days));
      if (events > 0) await this.record(tenantId, events, until);
    }
    if (retentionDays !== undefined) await this.expireUnowned(retentionDays, batchedUntil(closed, retentionDays));
    await this.partitions.dropEmpty();
  }

  private async expireUnowned(days: number, last: number): Promise<void> {
    const events = await this.removeAll(null, (transaction, after) =>
      this.expiry.removeUnowned(transaction, days, { after, last }),
    );
    if (events > 0) await this.record(null, events, null);
  }

  private async runNowAndThen(): Promise<void> {
    const { signal } = this.abort;
    while (!signal.aborted) {
      await wait(jitter(EVERY_MS), undefined, { signal, ref: false }).catch(() => undefined); // Aborted: the loop ends.
      if (signal.aborted) return;
      await this.run().catch((error: unknown) => this.logger.warn(`will go on later: ${(error as Error).message}`));
    }
  }

  /** The first part also removes what a killed run has left behind. */
  private async expire(tenantId: TenantId, days: number, last: number): Promise<{ events: number; until: number }> {
    for (let events = 0, done = 0; ;) {
      const { until, more } = await this.expiry.advance(tenantId, days, last);
      const from = done;
      events += await this.removeAll(tenantId, (transaction, after) =>
        this.expiry.removeBetween(transaction, tenantId, Math.max(from, after), until),
      );
      if (!more || this.abort.signal.aborted) return { events, until };
      done = until;
    }
  }

  /** Removes events batch by batch. Each batch also removes the calls of which nothing is left. */
  private async removeAll(tenantId: TenantId | null, removeBatch: RemoveBatch): Promise<number> {
    let removed = 0;
    let after = 0;
    while (!this.abort.signal.aborted) {
      const { events, last } = await this.prisma.$transaction(async (transaction) => {
        await this.calls.lock(transaction);
        const expired = await removeBatch(transaction, after);
        await this.calls.forget(transaction, tenantId, expired.callIds);
        return expired;
      });
      if (last === null) break;
      after = last;
      removed += events;
      eventsExpired.inc(events);
    }
    return removed;
  }

  private async record(tenantId: TenantId | null, events: number, until: number | null): Promise<void> {
    const change = {
      action: 'retention.remove',
      target: tenantId ?? 'unassigned',
      before: { events },
      after: { until },
    };
    await this.audit.record(this.prisma, SYSTEM, { ...change, books: tenantId === null ? [] : [{ tenantId }] });
  }
}
