/**
 * How far one log is committed: the cursor moves when what was pushed, and everything before it, is committed. It is
 * saved at most once an interval. What a crash repeats is recognised at ingest by its identity, and nothing is lost.
 */
import { Backoff } from '../../common/backoff.js';
import { SparseLog } from '../../common/sparse-log.js';
import { pause, unlessAborted } from '../../common/waiting.js';

/** Waits between attempts while the store is away. */
const RETRY = { firstMs: 100, maxMs: 5000 };
/** How long the last write may take: less than the second that sources get to stop. */
const LAST_WRITE_MS = 500;

/** Writes the row of one log. */
export type SaveCursor = (cursor: number, done: boolean) => Promise<void>;

export class CursorKeeper {
  private saved: number;
  private committed: number;
  private commits: Promise<unknown> = Promise.resolve();
  private writing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private readonly backoff = new Backoff(RETRY);

  constructor(
    private readonly save: SaveCursor,
    start: number,
    private readonly intervalMs: number,
    private readonly log: SparseLog,
  ) {
    this.saved = start;
    this.committed = start;
  }

  /** The last cursor up to which everything is committed. */
  get cursor(): number {
    return this.committed;
  }

  /** Moves the cursor once `commit` and all commits before it have resolved. It may move back: see `log.gap`. */
  advance(cursor: number, commit: Promise<unknown>): void {
    this.commits = Promise.all([this.commits, commit]).then(() => {
      this.committed = cursor;
      this.schedule(this.intervalMs);
    });
    this.commits.catch(() => undefined); // Not committed: the cursor stays. The caller that pushed it gets the error.
  }

  /**
   * The log is over at this cursor, whose commit has resolved: it is not read again, not even after a restart. Cursor
   * and `done` are written together: a row at the end without `done` would be a log that never brings anything again.
   */
  async finish(cursor: number, signal: AbortSignal): Promise<void> {
    await unlessAborted(this.commits, signal);
    if (!signal.aborted) await this.write(cursor, true, signal);
  }

  /** Writes the row at once, and again until it is written or the signal aborts. */
  async write(cursor: number, done: boolean, signal: AbortSignal): Promise<void> {
    this.cancelTimer();
    await unlessAborted(this.writing, signal); // Two writes of one row at once could arrive in the other order.
    while (!signal.aborted) {
      if (await unlessAborted(this.tryToWrite(cursor, done), signal)) break;
      await pause(this.backoff.nextMs(), signal);
    }
    if (this.saved === cursor) this.committed = cursor;
  }

  /** The reader stops: saves what is committed but not saved yet, if the store is there. */
  async close(): Promise<void> {
    this.closed = true;
    this.cancelTimer();
    await unlessAborted(this.flush(), AbortSignal.timeout(LAST_WRITE_MS));
  }

  private schedule(delayMs: number): void {
    if (this.closed || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.flush();
    }, delayMs);
  }

  private flush(): Promise<void> {
    this.writing = this.writing.then(async () => {
      if (this.saved === this.committed || (await this.tryToWrite(this.committed, false))) return;
      this.schedule(this.backoff.nextMs() + this.intervalMs);
    });
    return this.writing;
  }

  private cancelTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async tryToWrite(cursor: number, done: boolean): Promise<boolean> {
    try {
      await this.save(cursor, done);
    } catch (error) {
      this.log.warn('cursor', `a cursor could not be saved: ${(error as Error).message}`);
      return false;
    }
    this.saved = cursor;
    this.backoff.reset();
    return true;
  }
}
