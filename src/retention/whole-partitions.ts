/**
 * Removes partitions of the log whole when all of their events are due, or nearly all: events of tenants that keep them
 * longer are moved. docs/scale.md says when that is worth its while. What was made of the events goes afterwards, in
 * batches, from the table that was taken out of the log. A run that is killed is ended by the next one.
 */
import { Injectable, Logger } from '@nestjs/common';
import { AuditLog, SYSTEM } from '../audit/audit-log.js';
import { CallStore } from '../calls/projection/call-store.js';
import type { TenantId } from '../common/ids.js';
import { eventsExpired } from '../common/metrics.js';
import { pause } from '../common/waiting.js';
import { PrismaService } from '../database/prisma.service.js';
import { type ClosedPartition, type Holding, WholeExpiry } from '../events/log/whole-expiry.js';

/** How many days events are kept: of each tenant, and of nobody (''). Who is not in it keeps them for ever. */
export type Terms = ReadonlyMap<string, number>;

/** At most so many events are moved, and never more than go. They are copied in one transaction of a second or two. */
const MOST_MOVED = 200_000;
/** How often a partition is tried while somebody reads it, and the pause in between. */
const [ATTEMPTS, PAUSE_MS] = [20, 500];
/** A partition of which too little is due is looked through again after this time. */
const AGAIN_MS = 3_600_000;
/** Calls that are removed in one transaction. */
const CALLS = 200;
/** Entries that are written to the audit in one statement. */
const ENTRIES = 500;
/**
 * Events may stay for this part of their time longer, so that their partition goes whole: an hour for each day
 * (docs/scale.md).
 */
export const SLACK = 1 / 24;

@Injectable()
export class WholePartitions {
  private readonly logger = new Logger('Retention');
  /** When a partition is worth looking through again. */
  private readonly notBefore = new Map<string, number>();

  constructor(
    private readonly expiry: WholeExpiry,
    private readonly calls: CallStore,
    private readonly audit: AuditLog,
    private readonly prisma: PrismaService,
  ) {}

  /** Removes what can be removed whole. Returns the closed partitions that are left, the oldest first. */
  async run(terms: Terms, until: AbortSignal): Promise<readonly ClosedPartition[]> {
    await this.endAll(until);
    const shortest = Math.min(...terms.values());
    const closed = await this.expiry.closed();
    for (const partition of closed) {
      if (until.aborted) return closed;
      if (partition.age === null || (this.notBefore.get(partition.name) ?? 0) > performance.now()) continue;
      // What follows is newer.
      if (partition.age < shortest) break;
      if (await this.remove(partition, terms, until)) await this.endAll(until);
    }
    for (const name of this.notBefore.keys()) if (!closed.some((one) => one.name === name)) this.notBefore.delete(name);
    return closed;
  }

  /** False: it stays, because too little of it is due, or because others would have to wait. */
  private async remove(partition: ClosedPartition, terms: Terms, until: AbortSignal): Promise<boolean> {
    const holdings = await this.expiry.holdings(partition);
    const due = holdings.filter((one) => isDue(one, terms));
    const kept = holdings.filter((one) => !isDue(one, terms));
    if (due.length === 0 || eventsOf(kept) > Math.min(MOST_MOVED, eventsOf(due))) {
      this.notBefore.set(partition.name, performance.now() + AGAIN_MS);
      return false;
    }
    // First the logs begin later: a reader is told, and never misses events in silence.
    await this.expiry.begin(due);
    const names = kept.map(({ tenant }) => tenant);
    for (let left = ATTEMPTS; left > 0 && !until.aborted; left -= 1) {
      // In the order of an erasure of a call, which has the append lock when it comes to the log.
      const taken = await this.expiry.take(partition, names, (run) => this.calls.lockWithin(run));
      if (taken !== undefined) return true;
      await pause(PAUSE_MS, until);
    }
    return false;
  }

  private async endAll(until: AbortSignal): Promise<void> {
    for (const table of await this.expiry.taken()) {
      if (!(await this.forgetCalls(table, until))) return;
      await this.end(table);
    }
  }

  /** Removes the calls of which the log has nothing any more. False: it was interrupted. */
  private async forgetCalls(table: string, until: AbortSignal): Promise<boolean> {
    for (let after = ''; ;) {
      if (until.aborted) return false;
      const calls = await this.expiry.callsIn(table, after, CALLS);
      if (calls === undefined) return true;
      await this.prisma.$transaction(async (transaction) => {
        await this.calls.lock(transaction);
        for (const [tenant, callIds] of calls.byTenant)
          await this.calls.forget(transaction, tenant === '' ? null : (tenant as TenantId), callIds);
      });
      after = calls.last;
    }
  }

  private async end(table: string): Promise<void> {
    const removed = await this.expiry.eventsIn(table);
    const changes = removed.map(({ tenantId, events, last }) => ({
      action: 'retention.remove',
      target: tenantId ?? 'unassigned',
      before: { events },
      after: { until: last },
      books: tenantId === null ? [] : [{ tenantId }],
    }));
    const isOurs = await this.prisma.$transaction(async (transaction) => {
      // Two processes may have come so far.
      await this.calls.lock(transaction);
      if (!(await this.expiry.drop(transaction, table))) return false;
      for (let from = 0; from < changes.length; from += ENTRIES)
        await this.audit.recordAll(transaction, SYSTEM, changes.slice(from, from + ENTRIES));
      return true;
    });
    if (!isOurs) return;
    const events = removed.reduce((sum, one) => sum + one.events, 0);
    eventsExpired.inc(events);
    this.logger.log(`a part of the log with ${events} events was dropped whole`);
  }
}

function isDue({ tenant, age }: Holding, terms: Terms): boolean {
  return age > (terms.get(tenant) ?? Infinity);
}

function eventsOf(holdings: readonly Holding[]): number {
  return holdings.reduce((sum, { events }) => sum + events, 0);
}

/**
 * The position up to which events that have been kept for `days` go in batches. What is beyond goes with its partition,
 * which is due as a whole in a short while.
 */
export function batchedUntil(closed: readonly ClosedPartition[], days: number): number {
  const soon = closed.find(({ age }) => age !== null && age <= days && age > days * (1 - SLACK));
  return soon === undefined ? Number.MAX_SAFE_INTEGER : soon.first - 1;
}
