/**
 * Follows one call's log until it is sealed: as a stream, or in pages if the call is over or no stream is free. It
 * always begins at the log's first entry, because later entries depend on earlier ones; committed ones are not pushed
 * again.
 */
import { Backoff, jitter } from '../../common/backoff.js';
import type { DecodedEvent } from '../../events/log/event.js';
import type { CursorKeeper } from '../pinecall/cursor-keeper.js';
import { childOf, pause, unlessAborted } from '../../common/waiting.js';
import { type CallContext, NEW_CALL } from './call-context.js';
import { decodeEntry, isSimulated, worldOf } from './decode.js';
import { type Entry, gapIn, isMarker, readEntry, seqOf } from './entry.js';
import { FrameTooLong, framesOf } from './event-frames.js';
import { GatewayRefusal } from './gateway-refusal.js';
import { callsFollowed, entriesLeftOut } from './pinecall2-metrics.js';
import type { CallHint, Ending, ReaderContext } from './reader-context.js';

/** The log is sealed after this entry. Judging later may append another one, which the list of calls shows. */
const LAST = 'call.score';
/** Refusals of one call in a row before it is given up. A single one may come from a list that is ahead of the log. */
const MAX_REFUSALS = 3;

export class CallReader {
  private context: CallContext = NEW_CALL;
  /** Entries at or before it have been seen in this run. */
  private position = 0;
  /** Entries at or before it are committed by an earlier run. */
  private readonly committed: number;
  private ending: Ending | undefined;
  private live: boolean;
  private pagesOnlyUntil = -Infinity;
  private refusals = 0;
  private heardAt = performance.now();
  private signal: AbortSignal = AbortSignal.abort();

  constructor(
    private readonly shared: ReaderContext,
    private readonly keeper: CursorKeeper,
    private readonly call: string,
    private readonly hint: CallHint,
  ) {
    this.committed = keeper.cursor;
    this.live = hint.live;
  }

  /** Resolves when the log is over and its row says so, or the signal has aborted. Never rejects. */
  async follow(signal: AbortSignal): Promise<Ending> {
    this.signal = signal;
    const backoff = new Backoff(this.shared.timings.backoff);
    while (!signal.aborted && this.ending === undefined) {
      const from = this.position;
      try {
        const waitMs = await this.readOnce();
        if (this.ending === undefined && waitMs > 0) await pause(jitter(waitMs), signal);
        else if (this.position === from && this.ending === undefined) await pause(backoff.nextMs(), signal);
        this.refusals = 0;
      } catch (error) {
        if (!signal.aborted) this.failed(error instanceof Error ? error : new Error('unknown'));
        if (this.ending === undefined) await pause(backoff.nextMs(), signal);
      }
      if (this.position !== from) backoff.reset();
      else this.leaveIfSilent();
    }
    return this.end();
  }

  /** One reading; resolves with how long to wait before the next one. */
  private async readOnce(): Promise<number> {
    const release = this.live && performance.now() > this.pagesOnlyUntil ? this.shared.slots.take() : undefined;
    const labels = { by: release ? 'stream' : 'pages' };
    callsFollowed.inc(labels);
    try {
      if (release) return await this.readStream();
      return (await this.readPages()) ? this.shared.timings.pollMs : 0;
    } finally {
      callsFollowed.dec(labels);
      release?.();
    }
  }

  private async readStream(): Promise<number> {
    const { api, timings } = this.shared;
    const { controller, release } = childOf(this.signal);
    const silence = setInterval(() => this.isSilent && controller.abort(), timings.silenceMs);
    let [isCaughtUp, isUp] = [false, false];
    try {
      const body = await api.logStream(this.call, this.position, controller.signal);
      if (!body) return this.sealed();
      this.shared.reachability.up(this.name);
      isUp = true;
      for await (const value of framesOf(body, timings.silenceMs)) {
        const entry = await this.read(value);
        if (this.ending !== undefined || this.signal.aborted) break;
        if (entry) isCaughtUp = entry.type === 'log.caught_up';
      }
    } catch (error) {
      if (!(error instanceof FrameTooLong)) throw this.isSilent ? new Error('nothing came of a call') : error;
      this.pagesOnlyUntil = performance.now() + timings.retryStreamMs;
    } finally {
      clearInterval(silence);
      if (isUp) this.shared.reachability.down();
      release();
    }
    // The stream ended with the backlog, as an old log does that is sealed without a score.
    if (isCaughtUp && this.ending === undefined && !this.signal.aborted) await this.readPages();
    // A score that was appended later stands above the first one, where a stream ends.
    if (this.ending === 'sealed' && this.hint.lastSeq > this.position) await this.readPages();
    return 0;
  }

  /** Reads everything that is there, or up to a seq. True: the log goes on. */
  private async readPages(until = Infinity): Promise<boolean> {
    let after = this.position;
    while (!this.signal.aborted) {
      const page = await this.shared.api.logPage(this.call, after, this.signal);
      if (!page) return this.sealed() > 0;
      this.answered(page.live);
      let last = after;
      for (const value of page.entries) {
        const seq = seqOf(value);
        if (seq !== undefined && seq > until) return true;
        await this.read(value);
        last = Math.max(last, seq ?? 0);
        if (this.ending === 'unwanted' || this.signal.aborted) return false;
      }
      // Gets past values that are not entries, too; a page that leads no further is the last.
      const next = Math.max(last, page.next ?? 0);
      if (page.next !== null && next > after && next < until) {
        after = next;
        continue;
      }
      if (until < Infinity || (page.live && this.ending === undefined)) return true;
      return this.sealed() > 0;
    }
    return false;
  }

  /** A call that is over according to the list may go on. */
  private answered(isLive: boolean): void {
    this.live ||= isLive;
    this.shared.reachability.forget(this.name);
    this.shared.reachability.reading();
  }

  private get name(): string {
    return `call ${this.call}`;
  }

  /** Zero, to be returned: nothing is to be waited for. */
  private sealed(): number {
    this.ending ??= 'sealed';
    return 0;
  }

  /** The entry that a value was, or undefined. Settles when the signal aborts. */
  private async read(value: unknown): Promise<Entry | undefined> {
    const entry = readEntry(value);
    // An entry of another call would get that call's tenant as its stamp, so this log may not deliver it.
    if (entry?.call !== this.call) {
      entriesLeftOut.inc({ why: 'invalid' });
      this.shared.log.warn('entry', `an entry after seq ${this.position} of a call is not valid and was passed over`);
      return undefined;
    }
    if (isMarker(entry.type)) {
      const gap = entry.type === 'log.gap' ? gapIn(entry) : undefined;
      // Stored entries that were lost are not sent again: they are requested before the next one is handled.
      if (gap && gap.to >= gap.from && gap.to > this.position) await this.readPages(gap.to);
    } else if (entry.seq > this.position) await this.take(entry);
    return entry;
  }

  private async take(entry: Entry): Promise<void> {
    this.position = entry.seq;
    this.heardAt = performance.now();
    if (this.isUnwanted(entry)) return void (this.ending = 'unwanted');
    const { events, context } = decodeEntry(entry, this.call, this.context);
    this.context = context;
    if (entry.seq > this.committed) {
      if (events.length === 0) entriesLeftOut.inc({ why: 'held back' });
      const commit = this.push(events);
      if (!entry.ephemeral) this.keeper.advance(entry.seq, commit);
      await unlessAborted(this.shared.sink.room(), this.signal);
    }
    if (entry.type === LAST) this.ending = 'sealed';
  }

  private push(events: readonly DecodedEvent[]): Promise<void> {
    const commit = events.length === 0 ? Promise.resolve() : this.shared.sink.push(events);
    // A sink rejects only if the source is told to stop. Otherwise: start again from what is saved.
    commit.catch((error: unknown) => this.shared.fail(error instanceof Error ? error : new Error('a push failed')));
    return commit;
  }

  private isUnwanted(entry: Entry): boolean {
    const world = worldOf(entry) ?? this.shared.world;
    return world !== this.shared.world || (isSimulated(entry) && !this.shared.withSimulated);
  }

  private failed(error: Error): void {
    const { reachability, log } = this.shared;
    if (error instanceof GatewayRefusal && error.isForKey) return this.shared.fail(error);
    if (error instanceof GatewayRefusal && error.isForCall && ++this.refusals >= MAX_REFUSALS) {
      this.ending = 'left';
      log.warn('left', `a call was left: its log was refused with status ${error.status}`);
      return;
    }
    reachability.failed(this.name, error);
    log.warn('log', `a call cannot be read: ${error.message}`);
  }

  /** The call never had an entry, or had none for so long that it was erased: stop waiting for it. */
  private get isSilent(): boolean {
    const { emptyMs, abandonedMs } = this.shared.timings;
    return performance.now() - this.heardAt > (this.position === 0 ? emptyMs : abandonedMs);
  }

  private leaveIfSilent(): void {
    if (this.isSilent) this.ending ??= 'left';
  }

  private async end(): Promise<Ending> {
    this.shared.reachability.forget(this.name);
    const ending = this.signal.aborted ? 'stopped' : (this.ending ?? 'stopped');
    if (ending !== 'stopped') {
      // An unwanted call is never requested again, so the outcome does not matter.
      const cursor = ending === 'unwanted' ? Number.MAX_SAFE_INTEGER : Math.max(this.position, this.committed);
      await this.keeper.finish(cursor, this.signal);
    }
    await this.keeper.close();
    return this.signal.aborted ? 'stopped' : ending;
  }
}
