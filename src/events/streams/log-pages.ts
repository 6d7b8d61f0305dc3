/**
 * Backlogs that readers of the same tenant share: one read of the log and one framing serve all readers near a place.
 * So that readers meet, a page begins at a multiple of its size, or where a page that was cut by its bytes ends. A full
 * page never changes and is kept for a short while. The last page is read anew each time. A reader that asks for it
 * while it is being read waits for the next read, which sees what was committed meanwhile.
 *
 * Kept pages are filed under the log's incarnation, so that a tenant that was erased and made anew cannot get pages of
 * before. When a call is erased, all pages that were read before are dropped.
 */
import { Injectable } from '@nestjs/common';
import type { TenantId } from '../../common/ids.js';
import { Waiters } from '../../common/waiters.js';
import { RecentlyErased } from '../log/recently-erased.js';
import { LogPage } from './log-page.js';
import { LogReader } from '../log/log-reader.js';
import { TENANT_NUMBERING } from '../live/frame.js';

/**
 * The size of a page: events, and bytes of their data. The last event may exceed it, so a page is 192 KiB at most. A
 * slow reader holds its page for as long as it takes to send; security rule 16 counts it.
 */
export const PAGE_EVENTS = 256;
export const PAGE_BOUNDS = { limit: PAGE_EVENTS, bytes: 128 * 1024 };
/** Bytes that all kept pages take together. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
/** Erased and expired events are gone from here within this time. */
const MAX_AGE_MS = 10_000;
const EVERYTHING = { agents: null, calls: null, types: null };

/** A read for which several readers may wait. */
interface Awaited {
  readonly page: Promise<LogPage>;
  readonly readers: Waiters;
}

interface Kept {
  readonly page: LogPage;
  readonly at: number;
}

@Injectable()
export class LogPages {
  /** In the order of use. */
  private readonly kept = new Map<string, Kept>();
  private keptBytes = 0;
  /**
   * Reads that are under way, and reads that wait for those to end. A reader that asks now is given one of the latter.
   */
  private readonly running = new Map<string, Promise<unknown>>();
  private readonly next = new Map<string, Awaited>();
  private sweeper: NodeJS.Timeout | undefined;

  constructor(
    private readonly log: LogReader,
    private readonly erased: RecentlyErased,
  ) {
    erased.erasures.subscribe(() => {
      for (const key of this.kept.keys()) this.drop(key);
    });
  }

  /** The page after this number, where another page ended. It is not read if all readers that wait for it have left. */
  async from(
    tenantId: TenantId,
    incarnation: string,
    seq: number,
    resumedAfter: number,
    until: AbortSignal,
  ): Promise<LogPage> {
    const key = `${incarnation} ${seq}`;
    return this.recall(key) ?? this.readNext(key, tenantId, seq, resumedAfter, until);
  }

  /** The page in which the tenant's log goes on after this number; the page may begin before it. */
  async after(
    tenantId: TenantId,
    incarnation: string,
    seq: number,
    resumedAfter: number,
    until: AbortSignal,
  ): Promise<LogPage> {
    const page = await this.from(tenantId, incarnation, seq - (seq % PAGE_EVENTS), resumedAfter, until);
    const isShared = page.reachesEnd || page.reached > seq;
    return isShared ? page : this.from(tenantId, incarnation, seq, resumedAfter, until);
  }

  private recall(key: string): LogPage | undefined {
    const known = this.kept.get(key);
    if (known === undefined || performance.now() - known.at >= MAX_AGE_MS) return undefined;
    this.kept.delete(key);
    this.kept.set(key, known);
    return known.page;
  }

  /** Answers from a read that begins after this was called. */
  private readNext(
    key: string,
    tenantId: TenantId,
    start: number,
    resumedAfter: number,
    until: AbortSignal,
  ): Promise<LogPage> {
    const waiting = this.next.get(key);
    if (waiting?.readers.until.aborted === false) {
      waiting.readers.join(until);
      return waiting.page;
    }
    const readers = new Waiters();
    readers.join(until);
    const before = this.running.get(key) ?? Promise.resolve();
    const page = before.then(() => {
      if (this.next.get(key)?.readers === readers) this.next.delete(key);
      const read = this.read(key, tenantId, start, resumedAfter, readers.until).finally(() => readers.end());
      const over = read
        .catch(() => undefined)
        .finally(() => this.running.get(key) === over && this.running.delete(key));
      this.running.set(key, over);
      return read;
    });
    this.next.set(key, { page, readers });
    return page;
  }

  private async read(
    key: string,
    tenantId: TenantId,
    start: number,
    resumedAfter: number,
    until: AbortSignal,
  ): Promise<LogPage> {
    const { revision } = this.erased;
    const patience = { until, isEndless: true };
    const { events, isEnd } = await this.log.read(tenantId, start, PAGE_BOUNDS, EVERYTHING, patience);
    const page = LogPage.of(TENANT_NUMBERING, events, isEnd, resumedAfter);
    if (!page.reachesEnd && revision === this.erased.revision) this.keep(key, page);
    return page;
  }

  private keep(key: string, page: LogPage): void {
    this.drop(key);
    this.kept.set(key, { page, at: performance.now() });
    this.keptBytes += page.bytes;
    for (const oldest of this.kept.keys()) {
      if (this.keptBytes <= MAX_KEPT_BYTES) break;
      this.drop(oldest);
    }
    this.sweeper ??= setTimeout(() => this.sweep(), MAX_AGE_MS).unref();
  }

  private drop(key: string): void {
    this.keptBytes -= this.kept.get(key)?.page.bytes ?? 0;
    this.kept.delete(key);
  }

  private sweep(): void {
    this.sweeper = undefined;
    const longAgo = performance.now() - MAX_AGE_MS;
    for (const [key, { at }] of this.kept) if (at <= longAgo) this.drop(key);
    if (this.kept.size > 0) this.sweeper = setTimeout(() => this.sweep(), MAX_AGE_MS).unref();
  }
}
