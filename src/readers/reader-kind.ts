/**
 * What a kind of durable reader is: it reads each tenant's log to its end, goes on wherever it was stopped, and makes
 * something of every event. Webhooks are one kind, with a reader for each endpoint. Rules are another, with a reader
 * for each tenant.
 *
 * A reader's place is committed in one transaction with what it made ({@link ReaderKind.write}). {@link
 * ReaderKind.take} makes it before that. After a kill in between, the same events come again. So what `take` sends out
 * of the database happens at least once, and what `write` writes is written exactly once.
 */
import type { TenantId } from '../common/ids.js';
import type { Run } from '../database/pg-pool.js';
import type { LoggedEvent } from '../events/log/event.js';

/** The name of a reader. There may be several of one kind and tenant. */
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
  /**
   * The events between the reader's place and `after` have been removed: they were too old, or the database was
   * restored.
   */
  readonly gap: { readonly after: number; readonly resumeFrom: number } | undefined;
  /** Aborts when this process may no longer read for the tenant. Then the work must stop, and nothing of it counts. */
  readonly until: AbortSignal;
}

export interface Taken<Effect> {
  /** The input of {@link ReaderKind.write}; undefined: there is nothing to write. */
  readonly effect: Effect | undefined;
  /** Everything up to this number is done; at most the page's `reached`. Later events come again. */
  readonly reached: number;
  /** The reader rests for this long, unless {@link LogReaders.wake} ends the rest. */
  readonly restMs?: number | undefined;
}

export interface Written<Effect> extends ReaderName {
  readonly effect: Effect;
}

export interface ReaderKind<Effect> {
  readonly kind: string;
  /**
   * Called with one page of a reader at a time, while other readers' pages may be under way. If it throws an error that
   * is no fault of the database, the page's events come one by one. The event that makes it throw is passed over and
   * shown.
   */
  take(page: ReaderPage): Promise<Taken<Effect>>;
  /**
   * Writes what several readers made, in the transaction that moves their cursors. A reader that has lost its place is
   * left out.
   */
  write(run: Run, written: readonly Written<Effect>[]): Promise<void>;
  /** What was taken for this reader and not committed never will be. Must not throw. */
  lost?(name: string): void;
  /** The transaction has committed. Must not throw. */
  committed?(written: readonly Written<Effect>[]): void;
}

/** The size of a page: events, and bytes of their data. Bounds memory for each reader. */
export const MAX_PAGE = 256;
export const MAX_PAGE_BYTES = 256 * 1024;
