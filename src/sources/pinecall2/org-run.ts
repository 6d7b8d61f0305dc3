/**
 * One run over an org: which calls are followed. The floor announces calls at once as they begin. The list of calls has
 * those that the floor missed, and those from when nobody was listening. Both are hints: what happened is in the calls'
 * logs.
 */
import { setMaxListeners } from 'node:events';
import { Backoff, jitter } from '../../common/backoff.js';
import { SparseLog } from '../../common/sparse-log.js';
import { CursorKeeper } from '../pinecall/cursor-keeper.js';
import { Reachability } from '../pinecall/reachability.js';
import { Doorbell, childOf, pause } from '../../common/waiting.js';
import type { EventSink } from '../source.js';
import { CallBooks } from './call-books.js';
import { CallList } from './call-list.js';
import { CallReader } from './call-reader.js';
import { isFields, readEntry } from './entry.js';
import { framesOf } from './event-frames.js';
import type { GatewayApi } from './gateway-api.js';
import { GatewayRefusal } from './gateway-refusal.js';
import type { CursorStore, GatewayAddress, Timings } from './pinecall2-options.js';
import type { CallHint, ReaderContext } from './reader-context.js';
import { StreamSlots } from './stream-slots.js';
import { USAGE, UsageFeed, type UsageRow } from './usage-feed.js';

const FLOOR = '/v1/events';
/** Stands for no call, in troubles and log lines. */
const FLOOR_NAME = 'floor';

export interface OrgRunOptions {
  readonly source: string;
  readonly api: GatewayApi;
  readonly address: GatewayAddress;
  readonly cursors: CursorStore;
  readonly timings: Timings;
  readonly sink: EventSink;
  readonly live: () => void;
}

export class OrgRun {
  private readonly abort = new AbortController();
  private readonly tasks = new Set<Promise<void>>();
  private readonly shared: ReaderContext;
  private readonly books: CallBooks;
  private readonly list: CallList;
  private readonly bell = new Doorbell();
  private failure: Error | undefined;

  constructor(private readonly options: OrgRunOptions) {
    const { api, sink, timings, source, live, address } = options;
    setMaxListeners(0, this.abort.signal); // One a stream, and there are as many as there are calls.
    const fail = (error: Error) => this.fail(error);
    this.shared = {
      api,
      sink,
      timings,
      fail,
      world: address.world,
      withSimulated: address.withSimulated,
      slots: new StreamSlots(() => api.maxStreams),
      reachability: new Reachability(timings.outageMs, live, fail),
      log: new SparseLog('Pinecall2', source),
    };
    const keeperOf = (log: string, cursor: number) => this.keeperOf(log, cursor);
    const { signal } = this.abort;
    this.books = new CallBooks({
      source,
      cursors: options.cursors,
      timings,
      log: this.shared.log,
      keeperOf,
      signal,
      read: (call, keeper, hint) => this.read(call, keeper, hint),
    });
    const row = keeperOf('sessions', 0);
    this.list = new CallList({ api, books: this.books, historyDays: address.historyDays, row, signal });
  }

  /** What cannot be read now, in words. */
  get trouble(): string | undefined {
    return this.shared.reachability.trouble;
  }

  /** Resolves when the signal has aborted and everything has ended; rejects when the run failed. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.abort.abort();
    if (signal.aborted) return;
    signal.addEventListener('abort', stop, { once: true });
    try {
      await this.follow();
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
      while (this.tasks.size > 0) await Promise.all(this.tasks);
    }
    if (this.failure) throw this.failure;
  }

  private async follow(): Promise<void> {
    const rows = await this.options.cursors.load(this.options.source);
    this.list.resume(rows.get('sessions')?.cursor);
    this.spawn(this.followFloor());
    this.spawn(this.reconcile());
    this.spawn(this.followUsage(rows.get(USAGE)?.cursor));
    // Calls that were open when we stopped; the list is not needed for them.
    for (const [log, { cursor, done }] of rows) {
      if (this.abort.signal.aborted) return;
      if (log.startsWith('call:') && !done) await this.books.resume(log.slice('call:'.length), cursor);
    }
    await new Promise<void>((resolve) => {
      if (this.abort.signal.aborted) resolve();
      this.abort.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Repeated for ever; what it misses is in the list, which is read after each reconnection. */
  private async followFloor(): Promise<void> {
    const { timings, reachability, log } = this.shared;
    const { signal } = this.abort;
    const backoff = new Backoff(timings.backoff);
    while (!signal.aborted) {
      const since = performance.now();
      try {
        await this.readFloor();
      } catch (error) {
        if (signal.aborted) return;
        const fault = error instanceof Error ? error : new Error('unknown');
        if (fault instanceof GatewayRefusal && fault.isForKey) return this.fail(fault);
        reachability.failed(FLOOR_NAME, fault);
        log.warn(FLOOR_NAME, `the floor cannot be followed: ${fault.message}`);
      }
      if (performance.now() - since > timings.silenceMs) backoff.reset();
      await pause(backoff.nextMs(), signal);
    }
  }

  private async readFloor(): Promise<void> {
    const { api, timings, reachability } = this.shared;
    const { controller, release } = childOf(this.abort.signal);
    try {
      const body = await api.floor(FLOOR, controller.signal);
      reachability.up(FLOOR_NAME);
      try {
        this.bell.ring();
        for await (const value of framesOf(body, timings.silenceMs)) await this.hear(value);
      } finally {
        reachability.down();
      }
    } finally {
      controller.abort();
      release();
    }
  }

  private async hear(value: unknown): Promise<void> {
    const entry = readEntry(value);
    if (entry?.call != null) await this.books.discover(entry.call, { live: true, lastSeq: 0 });
    else if (!entry && isFields(value)) this.shared.log.warn('floor-entry', 'what the floor said is no entry');
  }

  private async reconcile(): Promise<void> {
    const { timings, reachability, log } = this.shared;
    const { signal } = this.abort;
    while (!signal.aborted) {
      try {
        await this.list.reconcile();
        reachability.forget('list');
        reachability.reading();
      } catch (error) {
        if (signal.aborted) return;
        const fault = error instanceof Error ? error : new Error('unknown');
        if (fault instanceof GatewayRefusal && fault.isForKey) return this.fail(fault);
        reachability.failed('list', fault);
        log.warn('list', `the list of calls cannot be read: ${fault.message}`);
      }
      await this.bell.wait(jitter(timings.reconcileMs), signal);
    }
  }

  /**
   * A call may be judged after its log was sealed, when it is no longer among the last of the list. Only keys with the
   * scope `usage` may read that; others do without.
   */
  private async followUsage(known: number | undefined): Promise<void> {
    const { api, timings, reachability, log } = this.shared;
    const { cursors, source } = this.options;
    const { signal } = this.abort;
    const take = ({ call, type }: UsageRow) => (type === 'call.score' ? this.books.judged(call) : Promise.resolve());
    const onPage = () => reachability.reading();
    const feed = new UsageFeed({ api, path: '/v1/usage', source, cursors, signal, take, onPage }, known);
    while (!signal.aborted) {
      try {
        await feed.read();
      } catch (error) {
        if (signal.aborted || (error instanceof GatewayRefusal && error.isForCall)) return;
        log.warn(USAGE, `scores that were appended later are looked for later: ${(error as Error).message}`);
      }
      await pause(jitter(timings.reconcileMs), signal);
    }
  }

  private async read(call: string, keeper: CursorKeeper, hint: CallHint): Promise<number | undefined> {
    const ending = await new CallReader(this.shared, keeper, call, hint).follow(this.abort.signal);
    return ending === 'stopped' ? undefined : keeper.cursor;
  }

  private keeperOf(log: string, cursor: number): CursorKeeper {
    const { cursors, source, timings } = this.options;
    const save = (at: number, done: boolean) => cursors.save(source, log, at, done);
    return new CursorKeeper(save, cursor, timings.saveMs, this.shared.log);
  }

  private fail(error: Error): void {
    if (this.abort.signal.aborted) return;
    this.failure = error;
    this.abort.abort();
  }

  /** No background task may fail unnoticed. */
  private spawn(task: Promise<void>): void {
    const seen = task
      .then(() => this.books.settled())
      .catch((error: unknown) => this.fail(error instanceof Error ? error : new Error('a reader failed')))
      .finally(() => this.tasks.delete(seen));
    this.tasks.add(seen);
  }
}
