/** Follows one call's log, from its stored cursor to `call.summary`: everything in it is pushed, in order. */
import type { EventSink } from '../source.js';
import { FollowerContext, LogFollower } from './call-log-follower.js';
import type { CursorKeeper } from './cursor-keeper.js';
import { LogEntry, decodeLogEntry } from './decode.js';
import { decodeLogGap } from './upstream-gap.js';
import { SpokenWords } from './spoken-words.js';
import type { DecodedEvent } from '../../events/log/event.js';

/** Always the last entry of a call's log. */
const LAST = 'call.summary';

export class CallFollower extends LogFollower {
  protected readonly kind = 'call';
  protected readonly name: string;
  /** Which token to try while the agent is not known. */
  private attempt = 0;
  private readonly words = new SpokenWords();

  constructor(
    context: FollowerContext,
    keeper: CursorKeeper,
    private readonly sink: EventSink,
    private readonly call: string,
    /** Not known if an earlier run left only the cursor; the first entry tells. */
    private agent: string | undefined,
    /** The entry of the agent's log about the call, if we know the call from there. */
    private readonly start: LogEntry | undefined,
  ) {
    super(context, keeper, { call });
    this.name = `call ${call}`;
  }

  protected readonly page = async (after: number) =>
    this.context.api.callPage(this.call, after, await this.authorise(), this.signal);

  protected token(): Promise<string> {
    const { tokens } = this.context;
    return this.agent === undefined ? tokens.nth(this.attempt) : tokens.forAgent(this.agent);
  }

  protected override attached(): void {
    this.words.clear();
  }

  protected override anotherToken(): boolean {
    if (this.agent !== undefined) return false;
    this.attempt += 1;
    return this.attempt % Math.max(1, this.context.tokens.size) !== 0;
  }

  protected async take(entry: LogEntry): Promise<boolean> {
    // An entry of another call would get that call's tenant as its stamp, so this log may not deliver it.
    if (entry.call !== this.call) {
      await this.passOver(entry);
      return true;
    }
    this.agent ??= entry.agent;
    const commit = this.push(this.words.take(decodeLogEntry(entry)));
    if (entry.type === LAST) return this.finish(entry.seq, commit);
    this.keeper.advance(entry.seq, commit);
    await this.unlessStopped(this.sink.room());
    return true;
  }

  protected async gap(marker: LogEntry, cursor: number): Promise<void> {
    this.keeper.advance(
      cursor,
      this.push(decodeLogGap(marker, this.call, this.position === 0 ? this.start : undefined)),
    );
    await this.unlessStopped(this.sink.room());
  }

  /** False once the whole log is committed and its row says so; true if the follower was told to stop before. */
  private async finish(seq: number, commit: Promise<void>): Promise<boolean> {
    await this.unlessStopped(commit);
    if (!this.signal.aborted) await this.keeper.finish(seq, this.signal);
    return this.signal.aborted;
  }

  private push(event: DecodedEvent): Promise<void> {
    const commit = this.sink.push([event]);
    // A sink rejects only if the source is told to stop. Otherwise: start again from what is saved.
    commit.catch((error: unknown) => this.context.fail(error instanceof Error ? error : new Error('a push failed')));
    return commit;
  }
}
