/**
 * Follows one log through drops, refusals and gaps until it is over or its reader is told to stop. Each follower has
 * its own loop and backoff, so one log's trouble does not affect the others.
 */
import { Backoff } from '../../common/backoff.js';
import { AttachOptions, LogReader, NotBySocket, attach } from './attach-client.js';
import { attachmentsEnded, entriesPassedOver, logsAttached } from './call-log-metrics.js';
import type { CallLogTimings } from './call-log-options.js';
import type { CursorKeeper } from './cursor-keeper.js';
import { LogEntry, isControl } from './decode.js';
import { cursorAfterGap } from './log-entry.js';
import { ReadPage, readPages } from './paged-client.js';
import type { Reachability } from './reachability.js';
import type { SparseLog } from '../../common/sparse-log.js';
import { ApiKeyRefused, UpstreamTokens } from './upstream-tokens.js';
import { LogAddress, Refused, VoiceApi } from './voice-api.js';
import { pause, unlessAborted } from '../../common/waiting.js';

/** Routes that a server does not have. */
const NO_SUCH_DOOR = new Set([404, 405, 410, 501]);
/** An attachment that lasted this long was healthy: the next wait is short again. */
const STABLE_MS = 30_000;

/** What the followers of one run share. */
export interface FollowerContext {
  readonly api: VoiceApi;
  readonly tokens: UpstreamTokens;
  readonly timings: CallLogTimings;
  readonly reachability: Reachability;
  readonly log: SparseLog;
  /** Ends the whole run with this error, which no further attempt can cure. */
  fail(error: Error): void;
}

export abstract class LogFollower implements LogReader {
  /** The dedupe guard: an entry at or before this seq has been taken already. */
  position: number;
  protected signal: AbortSignal = AbortSignal.abort();
  /**
   * Refusals in a row. The first may be due to a token that expired early; with a fresh token that cannot be the
   * reason.
   */
  private refusals = 0;
  private isUp = false;
  private lastToken: string | undefined;
  /** The server mints no tokens: its pages are read with the API key itself. */
  private isByKey = false;
  private isOver = false;

  protected constructor(
    protected readonly context: FollowerContext,
    protected readonly keeper: CursorKeeper,
    /** Of the log, for the attach URL. */
    private readonly address: LogAddress,
  ) {
    this.position = keeper.cursor;
  }

  /** Resolves when the log is over or the signal has aborted. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    this.signal = signal;
    const backoff = new Backoff(this.context.timings.backoff);
    while (!signal.aborted && !this.isOver) {
      const from = this.position;
      const since = performance.now();
      const isRetry = await this.readOnce();
      if (this.position !== from || performance.now() - since > STABLE_MS) backoff.reset();
      if (!isRetry && !this.isOver) await pause(backoff.nextMs(), signal);
    }
    this.context.reachability.forget(this.name);
    await this.keeper.close();
  }

  connected(): void {
    if (this.isUp) return;
    this.isUp = true;
    this.attached();
    logsAttached.inc({ kind: this.kind });
    this.context.reachability.up(this.name);
  }

  /** Control markers repeat a seq, so they are handled before the guard and are never pushed (security rule 14). */
  async read(entry: LogEntry): Promise<boolean> {
    this.refusals = 0;
    if (entry.type === 'log.gap') await this.goOnAfter(entry);
    else if (entry.type === 'log.caught_up') await this.caughtUp();
    if (isControl(entry.type) || entry.seq <= this.position) return !this.signal.aborted;
    this.position = entry.seq;
    this.isOver = !(await this.take(entry));
    return !this.isOver && !this.signal.aborted;
  }

  passOver(_value: unknown): Promise<void> | void {
    entriesPassedOver.inc();
    this.context.log.warn(
      'entry',
      `an entry of ${this.name} after seq ${this.position} is not valid and was passed over`,
    );
  }

  caughtUp(): Promise<void> | void {}

  /** For log lines: names and ids, no content. */
  protected abstract readonly name: string;
  protected abstract readonly kind: 'agent' | 'call';
  protected abstract token(): Promise<string>;
  protected abstract readonly page: ReadPage;
  /** A new entry. False: it was the last of the log. Settles when the signal aborts. */
  protected abstract take(entry: LogEntry): Promise<boolean>;
  /** The entries between our cursor and this one are gone. */
  protected abstract gap(marker: LogEntry, cursor: number): Promise<void>;
  /** Earlier entries that are not stored have passed by. */
  protected attached(): void {}
  /** What must be done before each attachment until it has been done. */
  protected prepare(): Promise<void> {
    return Promise.resolve();
  }

  /** Whether another token may work where this one was refused. */
  protected anotherToken(): boolean {
    return false;
  }

  /** Gets a token and remembers it as the one to discard on a refusal. */
  protected async authorise(): Promise<string> {
    this.lastToken = undefined;
    if (this.isByKey) return this.context.tokens.apiKey;
    return (this.lastToken = await this.token());
  }

  /** The value, or undefined if the follower was told to stop. */
  protected unlessStopped<T>(promise: Promise<T>): Promise<T | undefined> {
    return unlessAborted(promise, this.signal);
  }

  /** We go on where the server does, even backwards: then it has numbered its log again. */
  private async goOnAfter(marker: LogEntry): Promise<void> {
    const cursor = cursorAfterGap(marker);
    if (cursor === undefined) return this.passOver(marker);
    await this.gap(marker, cursor);
    this.position = cursor;
  }

  /** One attachment, with everything that may happen to it. True: try again at once. */
  private async readOnce(): Promise<boolean> {
    try {
      await this.prepare();
      await this.attachOrPage();
      attachmentsEnded.inc({ reason: this.isOver ? 'over' : this.signal.aborted ? 'stopped' : 'closed' });
      return false;
    } catch (error) {
      return !this.signal.aborted && this.failed(error instanceof Error ? error : new Error('unknown'));
    } finally {
      this.down();
    }
  }

  private async attachOrPage(): Promise<void> {
    const { api, timings } = this.context;
    this.isByKey = false;
    const token = await this.authorise().catch((error: unknown) => {
      if (!(error instanceof Refused) || !NO_SUCH_DOOR.has(error.status)) throw error;
      return error;
    });
    if (token instanceof Refused) {
      this.isByKey = true;
      return this.readInPages(token);
    }
    const options: AttachOptions = { url: api.attachUrl(this.address, token, this.position), pingMs: timings.pingMs };
    try {
      await attach(options, this, this.signal);
    } catch (error) {
      // A fresh token was refused, too: newer servers can be read in pages only.
      const isRefused = error instanceof Refused && error.isForToken && this.refusals > 0;
      if (!isRefused && !(error instanceof NotBySocket)) throw error;
      await this.readInPages(error);
    }
  }

  /** `why` no socket works: reported if pages are refused, too. */
  private async readInPages(why: Error): Promise<void> {
    const { pollMs, retrySocketMs: untilMs } = this.context.timings;
    let wasRead = false;
    const page: ReadPage = async (after) => {
      const values = await this.page(after);
      if (!wasRead) this.context.reachability.inPages(this.name, why);
      wasRead = true;
      return values;
    };
    try {
      await readPages(page, this, { pollMs, untilMs }, this.signal);
    } catch (error) {
      throw !wasRead && error instanceof Refused && why instanceof Refused ? why : error;
    } finally {
      this.context.reachability.noMorePages(this.name);
    }
  }

  private failed(error: Error): boolean {
    const refused = error instanceof Refused && error.isForToken;
    attachmentsEnded.inc({ reason: refused ? 'refused' : 'failed' });
    if (error instanceof ApiKeyRefused) this.context.fail(error);
    if (refused && this.lastToken !== undefined) {
      this.refusals += 1;
      if (this.refusals === 1) this.context.tokens.discard(this.lastToken);
      if (this.refusals === 1 || this.anotherToken()) return true;
    }
    this.context.reachability.failed(this.name, error);
    this.context.log.warn('log', `${this.name} cannot be read: ${error.message}`);
    return false;
  }

  private down(): void {
    if (!this.isUp) return;
    this.isUp = false;
    logsAttached.dec({ kind: this.kind });
    this.context.reachability.down();
  }
}
