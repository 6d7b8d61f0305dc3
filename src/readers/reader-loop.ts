/**
 * One reader on its way through its tenant's log: a page, what its kind makes of it, the commit of both, and the next
 * page.
 */
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { Backoff } from '../common/backoff.js';
import { readerEvents, readerSkipped } from '../common/metrics.js';
import { codeOf, isForTheRows } from '../database/database-errors.js';
import type { Traffic } from '../database/traffic.js';
import type { LogPart, ReaderPages } from './reader-pages.js';
import type { ReaderCommits } from './reader-commits.js';
import { MAX_PAGE, type ReaderKind, type ReaderName, type Taken } from './reader-kind.js';
import type { ReaderRow, ReaderTable } from './reader-table.js';

/**
 * While events come in, a reader that reads pages of the log rests after each, this many times as long as the page
 * took.
 */
const REST_FACTOR = 3;
const MAX_REST_MS = 100;
/** An event that was under way at this many deaths in a row counts as their cause. */
const MAX_TRIES = 5;
/** After a death, this many events are taken one by one. No more were under way. */
const CAREFUL_EVENTS = MAX_PAGE;

export interface LoopTools {
  readonly pages: ReaderPages;
  readonly commits: ReaderCommits;
  readonly table: ReaderTable;
  readonly traffic: Traffic;
  readonly warn: (text: string) => void;
  /** Called when the reader has another place, rests or is gone. */
  readonly lost: () => void;
}

export class ReaderLoop {
  private readonly backoff = new Backoff({ firstMs: 50, maxMs: 5000 });
  private cursor: number;
  /** Events that are still to be taken one by one. */
  private careful: number;
  private restTimer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isLost = false;
  /** The end of the page that was begun last. */
  private trying = 0;
  /** The event of which the table knows that this loop began it. A repeat of it in this loop is not a death. */
  private told: number | undefined;
  /** When the cursor last moved, by `performance.now()`. */
  private movedAt = -Infinity;

  constructor(
    readonly reader: ReaderName,
    private readonly kind: ReaderKind<unknown>,
    private readonly tools: LoopTools,
    /** The tenant's last number that is known. */
    private readonly head: () => number,
    private readonly until: AbortSignal,
    row: Pick<ReaderRow, 'cursor' | 'trying'>,
    afterDeath: boolean,
  ) {
    this.cursor = row.cursor;
    this.careful = afterDeath || row.trying !== null ? CAREFUL_EVENTS : 0;
  }

  /** True if it does nothing and stands elsewhere than a row says that was read from the table at this time. */
  standsElsewhere(cursor: number, readAt: number): boolean {
    return this.running === undefined && this.cursor !== cursor && this.movedAt < readAt;
  }

  /** Another loop goes on in its place. */
  retire(): void {
    this.isLost = true;
    this.endRest();
    this.kind.lost?.(this.reader.name);
  }

  /** The reader was set elsewhere, or is gone: its current work will not be committed. */
  get hasLostItsPlace(): boolean {
    return this.isLost;
  }

  /** There may be something to read. A reader that rests goes on resting, unless `endsRest` is true. */
  wake(endsRest: boolean): void {
    if (endsRest) this.endRest();
    if (this.running !== undefined || this.restTimer !== undefined || !this.goesOn()) return;
    this.running = this.run().finally(() => {
      this.running = undefined;
      if (this.isLost || this.until.aborted) this.kind.lost?.(this.reader.name);
      if (this.isLost) this.tools.lost();
    });
  }

  async stopped(): Promise<void> {
    this.endRest();
    await this.running;
  }

  private goesOn(): boolean {
    return !this.until.aborted && !this.isLost && this.cursor < this.head();
  }

  private async run(): Promise<void> {
    // What was committed together is handed on one by one, and makes one page.
    await turn();
    while (this.goesOn()) {
      const restMs = await this.step().catch((error: unknown) => this.recover(error));
      if (restMs === undefined || this.until.aborted) continue;
      if (restMs > MAX_REST_MS) return this.rest(restMs);
      await wait(restMs, undefined, { signal: this.until }).catch(() => undefined); // Aborted: the loop ends.
    }
  }

  /** Returns how long to rest; undefined: not at all. */
  private async step(): Promise<number | undefined> {
    const { pages, commits, traffic } = this.tools;
    const begunAt = performance.now();
    const limit = this.careful > 0 ? 1 : MAX_PAGE;
    const part = await pages.after(this.reader.tenantId, this.cursor, limit, this.until);
    this.trying = part.reached;
    const isDeadly = limit === 1 && (await this.begin(part)) > MAX_TRIES;
    const taken = isDeadly ? skip(part) : await this.take(part);
    if (this.until.aborted || taken === undefined) return undefined;
    const move = { ...this.reader, from: this.cursor, to: taken.reached };
    const skipped = isDeadly ? { skipped: 'it ended the process that took it, again and again' } : {};
    if (taken.reached > this.cursor || taken.effect !== undefined) {
      const moved = await commits.commit(this.kind, { ...move, ...skipped }, taken.effect);
      this.isLost = !moved;
      if (!moved) return undefined;
    }
    if (isDeadly) this.tell(part.reached, skipped.skipped ?? '');
    this.settle(part, taken);
    if (taken.restMs !== undefined) return taken.restMs;
    return part.isRead && traffic.isBusy
      ? Math.min(MAX_REST_MS, (performance.now() - begunAt) * REST_FACTOR)
      : undefined;
  }

  /** Says before the event is taken that it is, so that a death in between is known. Returns how often it was begun. */
  private async begin({ after, reached }: LogPart): Promise<number> {
    if (reached <= after || this.told === reached) return 0;
    const tries = await this.tools.table.begin(this.reader, reached);
    this.told = reached;
    return tries;
  }

  private settle(part: LogPart, taken: Taken<unknown>): void {
    this.moveTo(taken.reached);
    this.careful = this.cursor < this.head() ? Math.max(0, this.careful - 1) : 0;
    this.backoff.reset();
    readerEvents.inc({ kind: this.kind.kind }, part.events.filter(({ seq }) => (seq ?? 0) <= taken.reached).length);
  }

  /** Undefined when one of several events makes it throw. Then they have to come one by one. */
  private async take(part: LogPart): Promise<Taken<unknown> | undefined> {
    const { events, after, reached, gap } = part;
    try {
      return await this.kind.take({ ...this.reader, events, after, reached, gap, until: this.until });
    } catch (error) {
      if (this.until.aborted) return undefined;
      if (!isForTheRows(error)) throw error;
      if (events.length > 1) {
        this.careful = events.length;
        return undefined;
      }
      await this.passOver(reached, nameOf(error));
      return undefined;
    }
  }

  private async passOver(seq: number, reason: string): Promise<void> {
    const move = { ...this.reader, from: this.cursor, to: seq, skipped: reason };
    this.isLost = !(await this.tools.commits.commit(this.kind, move, undefined));
    this.moveTo(seq);
    this.tell(seq, reason);
  }

  private tell(seq: number, reason: string): void {
    readerSkipped.inc({ kind: this.kind.kind });
    this.tools.warn(
      `a reader of kind ${this.kind.kind} passed over event ${seq} of ${this.reader.tenantId}: ${reason}`,
    );
  }

  /**
   * Either the database failed, or what the kind has made cannot be written. In the second case the event comes by
   * itself, and is passed over if it is the cause.
   */
  private async recover(error: unknown): Promise<number | undefined> {
    if (this.until.aborted) return undefined;
    if (isForTheRows(error)) {
      if (this.careful > 0) {
        await this.passOver(this.trying, nameOf(error)).catch(() => undefined); // It comes again and is passed over.
        return undefined;
      }
      this.careful = CAREFUL_EVENTS;
      return undefined;
    }
    this.tools.warn(`a reader of kind ${this.kind.kind} goes on later: ${(error as Error).message}`);
    return this.backoff.nextMs();
  }

  private moveTo(seq: number): void {
    if (seq === this.cursor) return;
    this.cursor = seq;
    this.movedAt = performance.now();
  }

  private rest(ms: number): void {
    this.restTimer = setTimeout(() => this.wake(true), ms).unref();
  }

  private endRest(): void {
    clearTimeout(this.restTimer);
    this.restTimer = undefined;
  }
}

/** Never the error's message: it may contain what was said. */
function nameOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.name : 'it was thrown');
}

function skip({ reached }: LogPart): Taken<unknown> {
  return { effect: undefined, reached };
}
