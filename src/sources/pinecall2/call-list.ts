/**
 * The list of calls, read back to what was known at the last read. It has what a floor did not say, and what happened
 * while we were away.
 */
import type { CursorKeeper } from '../pinecall/cursor-keeper.js';
import type { CallBooks } from './call-books.js';
import type { SessionRow } from './entry.js';
import type { GatewayApi } from './gateway-api.js';

/** Calls a page: the most that a gateway gives. */
const PAGE = 200;
/** Clocks of a gateway's machines differ, and a call is in its list a moment after it began. */
const MARGIN_MS = 300_000;
/** How far back a first run looks for calls that still go on. */
const GOING_ON_MS = 6 * 3600_000;
const DAY_MS = 86_400_000;
/** The most pages at once: bounds a list that never ends. */
const MAX_PAGES = 10_000;

export interface CallListOptions {
  readonly api: GatewayApi;
  readonly books: CallBooks;
  readonly historyDays: number;
  /** Keeps the time until which all calls are known, in milliseconds, by the gateway's clock. */
  readonly row: CursorKeeper;
  readonly signal: AbortSignal;
}

export class CallList {
  private knownUntil: number | undefined;

  constructor(private readonly options: CallListOptions) {}

  /** What an earlier run had read; undefined: none has. */
  resume(knownUntil: number | undefined): void {
    this.knownUntil = knownUntil === 0 ? undefined : knownUntil;
  }

  /**
   * Follows every call that may be new. The list is in the order in which logs were opened, and no call's media come up
   * before that: behind a call that started long ago nothing is new. Progress is remembered only when all of it was
   * read.
   */
  async reconcile(): Promise<void> {
    const { api, signal, row } = this.options;
    let before: string | null = null;
    let isOld = false;
    let first: { readonly now: number; readonly since: number; readonly until: number } | undefined;
    for (let page = 0; page < MAX_PAGES && !signal.aborted; page += 1) {
      const { rows, next, now }: Awaited<ReturnType<GatewayApi['sessions']>> = await api.sessions(before, PAGE, signal);
      first ??= { now, ...this.horizons(now) };
      const { since, until } = first;
      for (const one of rows) {
        // A log is opened before its call is answered, so the logs after this one were opened before that time, too.
        isOld ||= one.startedAt !== undefined && one.startedAt < since;
        if (one.live || (one.startedAt === undefined ? !isOld : one.startedAt >= since)) await this.discover(one);
      }
      if (next === null || rows.some(({ startedAt = Infinity }) => startedAt < until)) break;
      before = next;
    }
    if (signal.aborted || !first) return;
    this.knownUntil = first.now;
    await row.write(Math.floor(first.now), false, signal);
  }

  /** `since`: finished calls that began before it are ignored; `until`: how far the list is read. */
  private horizons(now: number): { readonly since: number; readonly until: number } {
    if (this.knownUntil !== undefined) {
      const since = Math.min(this.knownUntil, now) - MARGIN_MS;
      return { since, until: since };
    }
    const since = now - this.options.historyDays * DAY_MS;
    return { since, until: Math.min(since, now - GOING_ON_MS) };
  }

  private async discover({ call, live, lastSeq }: SessionRow): Promise<void> {
    await this.options.books.discover(call, { live, lastSeq });
  }
}
