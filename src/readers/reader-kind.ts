/**
 * What a kind of durable reader is: something that reads each tenant's log to its end, wherever it was stopped, and makes something
 * of every event. Webhooks are one kind, with a reader an endpoint; rules are another, with one a tenant.
 *
 * Where a reader stands is committed in one transaction with what it made ({@link ReaderKind.write}). What it made is asked for before
 * that, by {@link ReaderKind.take}; killed in between, the same events come again. So what leaves the database in `take` happens at
 * least once, what `write` writes exactly once.
 */
import type { TenantId } from '../common/ids.js';
import type { Run } from '../database/pg-pool.js';
import type { LoggedEvent } from '../events/log/event.js';

/** A reader: of one kind and tenant there may be several. */
export interface ReaderName {
  readonly kind: string;
  readonly tenantId: TenantId;
  readonly name: string;
}

export interface ReaderPage extends ReaderName {
  /** All of the tenant's events in (`after`, `reached`], in order; at most {@link MAX_PAGE} of them. */
  readonly events: readonly LoggedEvent[];
  readonly after: number;
  readonly reached: number;
  /** What stood between where the reader was and `after` has been removed: it was too old, or the database was restored. */
  readonly gap: { readonly after: number; readonly resumeFrom: number } | undefined;
  /** Aborts when this process may read for the tenant no more: what is under way is to be left, and nothing of it counts. */
  readonly until: AbortSignal;
}

export interface Taken<Effect> {
  /** For {@link ReaderKind.write}; undefined: there is nothing to write. */
  readonly effect: Effect | undefined;
  /** Up to where everything is done, at most the page's `reached`. What lies behind it comes again. */
  readonly reached: number;
  /** Nothing is read for so long, unless {@link LogReaders.wake} says so. */
  readonly restMs?: number | undefined;
}

export interface Written<Effect> extends ReaderName {
  readonly effect: Effect;
}

export interface ReaderKind<Effect> {
  readonly kind: string;
  /**
   * Called for a page at a time of each reader, and beside those of other readers. Where it throws what is no fault of the
   * database, the page's events come one by one, and the one that makes it throw is passed over and shown.
   */
  take(page: ReaderPage): Promise<Taken<Effect>>;
  /** Writes what several readers made, in the transaction that moves their cursors. Nothing of a reader that has lost its place. */
  write(run: Run, written: readonly Written<Effect>[]): Promise<void>;
  /** The transaction has committed. Must not throw. */
  committed?(written: readonly Written<Effect>[]): void;
}

/** Events of a page, and bytes of their data; bounds memory a reader. */
export const MAX_PAGE = 256;
export const MAX_PAGE_BYTES = 256 * 1024;
