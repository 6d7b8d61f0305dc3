/**
 * The calls of a source: which are followed, and which are over and at what seq. A call has its row before it is read,
 * so a crash forgets none. Memory holds the calls that go on and enough finished ones that the list of calls seldom
 * needs the database.
 */
import { LRUCache } from 'lru-cache';
import { Backoff } from '../../common/backoff.js';
import { callIdSchema } from '../../common/ids.js';
import { Semaphore } from '../../common/semaphore.js';
import type { SparseLog } from '../../common/sparse-log.js';
import type { CursorKeeper } from '../pinecall/cursor-keeper.js';
import { pause } from '../../common/waiting.js';
import type { CallHint } from './reader-context.js';
import type { CursorStore, Timings } from './pinecall2-options.js';

/** How many finished calls are remembered. Beyond it the oldest are looked up in the database. */
const MAX_FINISHED = 50_000;
/** How many unsealed logs are followed at once; beyond them a call waits for its turn. Bounds memory. */
const MAX_LIVE = 5000;
/** How many finished logs are read at once: calls in progress come first. */
const MAX_OVER = 16;

export interface CallBooksOptions {
  readonly source: string;
  readonly cursors: CursorStore;
  readonly timings: Timings;
  readonly log: SparseLog;
  readonly signal: AbortSignal;
  keeperOf(log: string, cursor: number): CursorKeeper;
  /**
   * Reads a call until it is over; resolves with its last cursor, or undefined when it was told to stop before. Never
   * rejects.
   */
  read(call: string, keeper: CursorKeeper, hint: CallHint): Promise<number | undefined>;
}

interface Row {
  readonly cursor: number;
  readonly done: boolean;
}

export class CallBooks {
  private readonly followed = new Map<string, Promise<void>>();
  /** By call: the seq at which it was over. */
  private readonly finished = new Map<string, number>();
  /** By call: how often the meter said that it was judged, less how often its log was read to its end, in this run. */
  private readonly unreadScores = new LRUCache<string, number>({ max: MAX_FINISHED });
  private readonly beginning = new Map<string, Promise<void>>();
  private readonly liveTurns = new Semaphore(MAX_LIVE);
  private readonly overTurns = new Semaphore(MAX_OVER);

  constructor(private readonly options: CallBooksOptions) {}

  /**
   * Follows the call, unless it is followed already or was read to the seq in the hint. Resolves when it has its row
   * and its turn. A value that cannot be an id names no call.
   */
  async discover(call: string, hint: CallHint): Promise<void> {
    if (!callIdSchema.safeParse(call).success)
      return this.options.log.warn('id', 'a call has an id that cannot be one');
    if (this.followed.has(call) || this.isReadTo(this.finished.get(call), hint)) return;
    const begun = this.beginning.get(call) ?? this.begin(call, hint);
    this.beginning.set(call, begun);
    await begun.finally(() => this.beginning.delete(call));
  }

  /** The call was judged, according to the meter. If its log was read to the end without that, it is read again. */
  async judged(call: string): Promise<void> {
    const unread = (this.unreadScores.get(call) ?? 0) + 1;
    this.unreadScores.set(call, unread);
    const row = unread <= 0 || this.followed.has(call) ? undefined : await this.rowOf(call);
    if (row?.done) await this.discover(call, { live: false, lastSeq: row.cursor + 1 });
  }

  /** A call that goes on, according to its row. */
  async resume(call: string, cursor: number): Promise<void> {
    if (!this.followed.has(call)) await this.follow(call, { cursor, done: false }, { live: true, lastSeq: 0 });
  }

  /** Resolves when no log is being read any more. */
  async settled(): Promise<void> {
    while (this.followed.size > 0 && this.options.signal.aborted) await Promise.all(this.followed.values());
  }

  private isReadTo(cursor: number | undefined, { lastSeq }: CallHint): boolean {
    return cursor !== undefined && cursor >= lastSeq;
  }

  private async begin(call: string, hint: CallHint): Promise<void> {
    const row = await this.rowOf(call);
    if (this.options.signal.aborted) return;
    if (row?.done && this.isReadTo(row.cursor, hint)) return this.remember(call, row.cursor);
    if (!this.followed.has(call)) await this.follow(call, row, hint);
  }

  private async follow(call: string, row: Row | undefined, hint: CallHint): Promise<void> {
    const { signal } = this.options;
    const release = await (hint.live ? this.liveTurns : this.overTurns).acquire();
    if (signal.aborted || this.followed.has(call)) return release();
    const keeper = this.options.keeperOf(`call:${call}`, row?.cursor ?? 0);
    // If a log has grown since we read it, reading goes on from there.
    const written = row?.done === false ? Promise.resolve() : keeper.write(row?.cursor ?? 0, false, signal);
    const reading = written
      .then(() => this.options.read(call, keeper, hint))
      .then((cursor) => {
        release();
        this.followed.delete(call);
        if (cursor === undefined) return;
        this.unreadScores.set(call, (this.unreadScores.get(call) ?? 0) - 1);
        this.remember(call, cursor);
      });
    this.followed.set(call, reading);
    await written;
  }

  /** Waits while the store is away. */
  private async rowOf(call: string): Promise<Row | undefined> {
    const { cursors, source, timings, signal, log } = this.options;
    for (const backoff = new Backoff(timings.backoff); !signal.aborted; await pause(backoff.nextMs(), signal)) {
      try {
        return await cursors.find(source, `call:${call}`);
      } catch (error) {
        log.warn('cursor', `a cursor could not be read: ${(error as Error).message}`);
      }
    }
    return undefined;
  }

  private remember(call: string, cursor: number): void {
    this.finished.set(call, cursor);
    const [oldest] = this.finished.keys();
    if (this.finished.size > MAX_FINISHED && oldest !== undefined) this.finished.delete(oldest);
  }
}
