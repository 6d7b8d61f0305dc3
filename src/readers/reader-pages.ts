/**
 * The log as durable readers read it. A reader that has caught up gets the events that the tail has just handed on,
 * without a read. A reader that is behind reads pages, which readers at the same place share. Two connections read
 * pages, one page of a tenant at a time.
 */
import { Injectable } from '@nestjs/common';
import { FairSlots } from '../common/fair-slots.js';
import type { TenantId } from '../common/ids.js';
import type { Run } from '../database/pg-pool.js';
import { ReaderPool } from '../database/pools.js';
import { RecentlyErased } from '../events/log/recently-erased.js';
import { EventLog, TenantHeads } from '../events/log/event-log.js';
import type { LoggedEvent } from '../events/log/event.js';
import { MAX_PAGE_BYTES } from './reader-kind.js';

/** The newest events that are kept, for each tenant and in all. Anything else is read from the log. */
const MAX_RECENT = 512;
const MAX_RECENT_BYTES = 512 * 1024;
const MAX_ALL_BYTES = 32 * 1024 * 1024;

export interface LogPart {
  readonly events: readonly LoggedEvent[];
  readonly after: number;
  readonly reached: number;
  readonly gap: { readonly after: number; readonly resumeFrom: number } | undefined;
  /** False when the tail has brought it. */
  readonly isRead: boolean;
}

interface Recent {
  /** Without holes. */
  events: LoggedEvent[];
  bytes: number;
}

@Injectable()
export class ReaderPages {
  private readonly recent = new Map<TenantId, Recent>();
  private recentBytes = 0;
  private readonly reading = new Map<string, Promise<LogPart>>();
  private readonly slots = new FairSlots({ slots: 2, share: 1, line: 0, waitMs: 0 });

  constructor(
    private readonly pool: ReaderPool,
    private readonly log: EventLog,
    private readonly heads: TenantHeads,
    private readonly erased: RecentlyErased,
  ) {
    erased.erasures.subscribe(({ tenantId }) => {
      if (tenantId !== null) this.forget(tenantId);
    });
  }

  /** The tail has handed the event on. */
  note(tenantId: TenantId, event: LoggedEvent): void {
    const known = this.recent.get(tenantId) ?? { events: [], bytes: 0 };
    const last = known.events.at(-1)?.seq;
    if (last !== undefined && last !== null && event.seq !== last + 1) this.shrink(known, known.events.length);
    known.events.push(event);
    known.bytes += event.data.length;
    this.recentBytes += event.data.length;
    if (known.events.length > MAX_RECENT || known.bytes > MAX_RECENT_BYTES) this.shrink(known, known.events.length / 2);
    // The map is in order of use: the first tenant is the one that has had no event for longest.
    this.recent.delete(tenantId);
    this.recent.set(tenantId, known);
    for (const oldest of this.recent.keys()) {
      if (this.recentBytes <= MAX_ALL_BYTES) break;
      this.forget(oldest);
    }
  }

  forget(tenantId: TenantId): void {
    const known = this.recent.get(tenantId);
    if (known !== undefined) this.shrink(known, known.events.length);
    this.recent.delete(tenantId);
  }

  /** The events after a number of the tenant's, at most `limit`. */
  async after(tenantId: TenantId, seq: number, limit: number, until: AbortSignal): Promise<LogPart> {
    const recent = this.recentAfter(tenantId, seq, limit);
    if (recent !== undefined) return recent;
    const key = `${tenantId} ${seq} ${limit}`;
    const known = this.reading.get(key);
    if (known !== undefined) return known;
    const read = () => this.read(tenantId, seq, limit);
    const page = this.slots.run(tenantId, read, { until, isEndless: true }).finally(() => this.reading.delete(key));
    this.reading.set(key, page);
    return page;
  }

  private recentAfter(tenantId: TenantId, seq: number, limit: number): LogPart | undefined {
    const { events } = this.recent.get(tenantId) ?? { events: [] };
    const first = events[0]?.seq ?? undefined;
    if (first === undefined || first > seq + 1) return undefined;
    const part = events.slice(seq + 1 - first, seq + 1 - first + limit);
    const reached = part.at(-1)?.seq ?? undefined;
    if (reached === undefined || this.erased.concerns(part)) return undefined;
    return { events: part, after: seq, reached, gap: undefined, isRead: false };
  }

  private async read(tenantId: TenantId, seq: number, limit: number): Promise<LogPart> {
    // The head is read before the page: events that are committed in between are left to the next page.
    const head = await this.heads.of(tenantId);
    const after = Math.max(seq, head.expiredUntil);
    const run: Run = (text, values) => this.pool.query(text, values);
    const page = () => this.log.readTenant(run, tenantId, after, limit, MAX_PAGE_BYTES);
    const found = await page();
    // If a call was erased during the read, the page is read again: now its tombstones are there.
    const events = this.erased.concerns(found) ? await page() : found;
    const bytes = events.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0);
    const isCut = events.length >= limit || bytes >= MAX_PAGE_BYTES;
    const last = events.at(-1)?.seq ?? after;
    const gap = after > seq ? { after: seq, resumeFrom: after } : undefined;
    return { events, after, reached: isCut ? last : Math.max(last, head.seq), gap, isRead: true };
  }

  private shrink(recent: Recent, count: number): void {
    const gone = recent.events.splice(0, Math.ceil(count));
    const bytes = gone.reduce((sum, { data }) => sum + data.length, 0);
    recent.bytes -= bytes;
    this.recentBytes -= bytes;
  }
}
