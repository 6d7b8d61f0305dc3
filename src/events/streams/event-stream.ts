/**
 * One reader's stream: a greeting, the backlog after its cursor, then live events. Nothing is lost or repeated in
 * between. It registers with the router *before* it reads the backlog, so that events that are committed meanwhile
 * queue. Then it drops from the queue what the backlog has already sent. If the queue overflows, it is thrown away and
 * the events are read from the log. The same happens when live events come while the client has more than it can take:
 * the stream goes back to the log until it has caught up.
 */
import type { Observer } from 'rxjs';
import { eventsOut } from '../../common/metrics.js';
import { type Chunk, controlFrame, cursorFrame, PING } from '../live/frame.js';
import { type Delivery, SeenCalls, StreamQueue } from '../live/delivery.js';
import type { Outlet } from './outlet.js';
import type { LogView } from './log-view.js';
import { type Start, type StreamStart, chooseStart } from './stream-start.js';

/** How often a reader hears how far the log has been looked through for it. Clients give up after 15 s of silence. */
const READING_MS = 5000;

export class EventStream {
  private queue: StreamQueue | undefined = new StreamQueue();
  private overflowed = false;
  private caughtUp = false;
  private stopped = false;
  private revision: number;
  private resumedAfter = 0;
  /** The value of {@link Bounds.brokenUntil} that this reader was told, if it concerned the reader. */
  private brokenUntil = 0;
  /** A number in the view's numbering. */
  private last = 0;
  /** While the log is read: the id that the client was sent last. What its filter left out since is not in it. */
  private sentId = 0;
  /**
   * The platform's position of the last event from the log, and the calls in that piece, until something newer has come
   * live.
   */
  private lastPosition = 0;
  private seen: SeenCalls | undefined;
  private leave: (() => void) | undefined;
  /** Aborts the wait for a turn to look through the log. */
  private looking: AbortController | undefined;
  /** What was told before the greeting; undefined once the greeting has gone out. */
  private early: Chunk[] | undefined = [];

  constructor(
    private readonly view: LogView,
    private readonly outlet: Outlet,
    private readonly reader: Observer<Chunk>,
  ) {
    this.revision = view.revision;
  }

  /** Resolves when the stream is live. From then on chunks come by themselves until {@link stop}. */
  async start(request: StreamStart): Promise<void> {
    this.leave = this.view.register((delivery) => this.receive(delivery));
    const bounds = await this.view.bounds();
    if (this.stopped) return;
    const { since } = request;
    const begin =
      request.cursor === undefined && since ? await this.look((until) => this.view.since(since, until)) : undefined;
    if (this.stopped) return;
    const start = chooseStart(request, bounds, begin);
    this.resumedAfter = bounds.resumedAfter;
    this.brokenUntil = bounds.brokenUntil ?? 0;
    this.greet(start);
    this.last = start.after;
    if (request.cursor === undefined && begin === undefined && request.from === 'live' && !this.forgetErased())
      this.joinLive();
    else await this.replay();
  }

  stop(): void {
    this.stopped = true;
    this.looking?.abort();
    this.leave?.();
    this.queue = undefined;
  }

  /**
   * Sends a frame that is no event of the log. The greeting is always the first thing that a reader hears; until then
   * this waits.
   */
  tell(chunk: Chunk): void {
    if (this.early) this.early.push(chunk);
    else this.reader.next(chunk);
  }

  /** A sign of life. It also moves the cursor of a reader whose filter lets few events through. */
  ping(): void {
    const { isWhole, seen } = this.view;
    // Everything that was on its way when the reader caught up has come by now.
    if (this.isLive) this.seen = undefined;
    if (isWhole || !this.isLive || seen <= this.last) return this.reader.next(PING);
    this.last = seen;
    this.reader.next(cursorFrame('ping', seen));
  }

  /** The number up to which the reader has been sent everything. */
  get cursor(): number {
    return this.last;
  }

  /** False while the reader is behind and served from the log. */
  get isLive(): boolean {
    return this.queue === undefined && !this.stopped;
  }

  private receive(delivery: Delivery): void {
    if (this.stopped) return;
    if (this.queue === undefined) {
      const fresh = delivery.newTo(this.last, this.seen);
      if (fresh === undefined) return;
      this.reader.next(fresh.chunk);
      if (fresh.last !== null) {
        this.last = fresh.last;
        this.seen = undefined; // From here on the tail knows of all that this reader has.
      }
      if (this.outlet.isFull) this.fallBack();
    } else if (!this.queue.push(delivery)) {
      this.queue = new StreamQueue();
      this.overflowed = true;
    }
  }

  private greet({ after, gap }: Start): void {
    this.reader.next(controlFrame('connected', { ...this.view.greeting, after }, after));
    if (gap) this.reader.next(controlFrame('log.gap', { after: gap.after, resumeFrom: after, reason: gap.reason }));
    const early = this.early ?? [];
    this.early = undefined;
    for (const chunk of early) this.reader.next(chunk);
  }

  /** Undefined if the stream was stopped meanwhile; then it no longer waits for a turn. */
  private async look<Found>(work: (until: AbortSignal) => Promise<Found>): Promise<Found | undefined> {
    const looking = new AbortController();
    this.looking = looking;
    try {
      return await work(looking.signal);
    } catch (error) {
      if (!this.stopped) throw error;
      return undefined;
    } finally {
      this.looking = undefined;
    }
  }

  /** Sends the log from where the reader stands, piece by piece as its socket drains. Then it goes live. */
  private async replay(): Promise<void> {
    this.sentId = this.last;
    const timer = setInterval(() => this.tellReading(), READING_MS);
    await this.look(async (until) => {
      while (!(await this.replayPage(until)));
    }).finally(() => clearInterval(timer));
    if (this.stopped) return;
    this.tellMissing(Math.max(this.last, this.resumedAfter));
    this.joinLive();
  }

  private tellReading(): void {
    this.sentId = this.last;
    this.reader.next(cursorFrame(` reading ${this.last}`, this.last));
  }

  /** True when the reader has been sent everything, or is gone. */
  private async replayPage(until: AbortSignal): Promise<boolean> {
    this.overflowed = false;
    const page = await this.view.page(this.last, until);
    if (!this.view.isWhole) await this.tellExpired();
    for (const piece of page.piecesAfter(this.last)) {
      if (this.stopped) return true;
      if (this.forgetErased()) return false;
      this.tellMissing(piece.first - 1);
      this.reader.next(piece.chunkAfter(this.last));
      eventsOut.inc({ way: 'log' }, piece.countAfter(this.last));
      this.sentId = this.last = piece.last;
      this.seen = new SeenCalls(this.seen === undefined ? 0 : this.lastPosition, piece.calls);
      this.lastPosition = piece.lastPosition;
      await this.outlet.room();
    }
    if (this.stopped) return true;
    // The reader has also passed the events that the filter left out.
    this.tellMissing(page.reached);
    this.last = Math.max(this.last, page.reached);
    return page.reachesEnd && !this.overflowed;
  }

  /**
   * True when a call was erased meanwhile. Then everything that was read or is queued is read from the log again, where
   * the call is gone.
   */
  private forgetErased(): boolean {
    if (this.view.revision === this.revision) return false;
    this.revision = this.view.revision;
    this.queue = new StreamQueue();
    this.overflowed = true;
    return true;
  }

  /**
   * Called before the reader goes on after `until`. It tells the reader what was lost in a restore of the database,
   * which no reader may pass in silence, and what retention has removed since the reader began to read.
   */
  private tellMissing(until: number): void {
    if (this.last < this.resumedAfter && until >= this.resumedAfter) this.tellGap(this.resumedAfter, 'unknown');
    if (this.view.isWhole && until > this.last) this.tellGap(until, 'expired');
  }

  /**
   * The numbers do not tell a reader of a part of the log that retention has passed it. So this is looked up after each
   * page. The log says that it begins later before the first event is removed, so by then it is known what a page
   * lacks.
   */
  private async tellExpired(): Promise<void> {
    const { expiredUntil, brokenUntil = 0 } = await this.view.bounds();
    if (this.stopped) return;
    if (this.last < expiredUntil) this.tellMissing(expiredUntil);
    if (this.last < expiredUntil) this.tellGap(expiredUntil, 'expired');
    else if (this.last < brokenUntil && this.brokenUntil < brokenUntil) this.tellGap(this.last, 'expired');
    this.brokenUntil = brokenUntil;
  }

  private tellGap(resumeFrom: number, reason: 'expired' | 'unknown'): void {
    // A restore leaves a hole in the numbers, into which the reading may have moved: the client is told its own cursor.
    const after = reason === 'unknown' ? this.sentId : this.last;
    this.reader.next(controlFrame('log.gap', { after, resumeFrom, reason }));
    this.last = resumeFrom;
  }

  /** From here on live events queue, as at the start, and the log is read once the socket has drained. */
  private fallBack(): void {
    this.queue = new StreamQueue();
    this.outlet
      .room()
      .then(() => this.replay())
      .catch((error: unknown) => this.reader.error(error));
  }

  private joinLive(): void {
    if (!this.caughtUp) this.reader.next(controlFrame('log.caught_up', { id: this.last }, this.last));
    this.caughtUp = true;
    const queued = this.queue?.deliveries ?? [];
    this.queue = undefined;
    for (const delivery of queued) this.receive(delivery);
  }
}
