/**
 * Follows one agent's log: its lifecycle entries name its calls. These entries are not pushed, because the calls' own
 * logs have them too. The cursor moves past an entry only after the call that it names has a row, so a crash forgets no
 * call.
 */
import { FollowerContext, LogFollower } from './call-log-follower.js';
import type { CursorKeeper } from './cursor-keeper.js';
import { LogEntry } from './decode.js';
import { callOf, readCallRow, readEntry } from './log-entry.js';
import { Refused } from './voice-api.js';

/** The server has no list of calls. */
const UNSUPPORTED = new Set([404, 405, 410, 501]);

/** Receives the calls that an agent's log names. Both methods resolve when the call has its row. */
export interface CallDirectory {
  /** Follows the call unless it is followed or finished already. `start`: the agent's log's entry about it. */
  discover(call: string, agent: string, start?: LogEntry): Promise<void>;
  /** Never follows the call. */
  ignore(call: string): Promise<void>;
}

/** How reading of an agent's log begins. */
export type AgentStart =
  /** From its cursor. */
  | 'resume'
  /** Nothing is known of the agent: its log is read from the beginning, with everything that is live now. */
  | 'first'
  /**
   * Nobody owned it for a while: calls that began and ended meanwhile belong to nobody; those still live are followed.
   */
  | 'returned';

export class AgentFollower extends LogFollower {
  protected readonly kind = 'agent';
  protected readonly name: string;
  private mustList: boolean;
  /** Calls from the time without an owner that have not ended, until the backlog is done; then undefined. */
  private ownerless: Set<string> | undefined;

  constructor(
    context: FollowerContext,
    keeper: CursorKeeper,
    private readonly calls: CallDirectory,
    private readonly agent: string,
    start: AgentStart,
  ) {
    super(context, keeper, { agent });
    this.name = `agent ${agent}`;
    this.mustList = start === 'first';
    this.ownerless = start === 'returned' ? new Set() : undefined;
  }

  /** The agent was taken away. Its row records that, so that its next owner does not get the time in between. */
  retire(signal: AbortSignal): Promise<void> {
    return this.keeper.write(this.keeper.cursor, true, signal);
  }

  protected readonly page = async (after: number) =>
    this.context.api.agentCalls(this.agent, after, await this.authorise(), this.signal);

  protected token(): Promise<string> {
    return this.context.tokens.forAgent(this.agent);
  }

  protected override async prepare(): Promise<void> {
    if (!this.mustList) return;
    // The agent's row is written before those of its calls: a call's token is found by the agents that have one.
    await this.keeper.write(0, false, this.signal);
    await this.list(0);
    this.mustList = false;
  }

  protected async take(entry: LogEntry): Promise<boolean> {
    const call = callOf(entry);
    if (call === undefined) this.passOverEntry();
    else if (!this.ownerless) await this.unlessStopped(this.calls.discover(call, this.agent, entry));
    else if (entry.type === 'call.ended') this.ownerless.delete(call);
    else this.ownerless.add(call);
    this.moveTo(entry.seq);
    return true;
  }

  override async caughtUp(): Promise<void> {
    if (!this.ownerless) return;
    for (const call of this.ownerless) await this.unlessStopped(this.calls.discover(call, this.agent));
    // Written now: until then, a restart must begin the ownerless time again.
    await this.keeper.write(this.position, false, this.signal);
    if (!this.signal.aborted) this.ownerless = undefined;
  }

  /** Entries that the server cannot replay may have named calls; the list of calls still has them. */
  protected async gap(_marker: LogEntry, cursor: number): Promise<void> {
    await this.list(cursor);
    this.moveTo(cursor);
  }

  /** If the log cannot be tailed, its list of calls is polled, and a row there is no fault. */
  override async passOver(value: unknown): Promise<void> {
    if (!(await this.takeRow(value))) this.passOverEntry();
  }

  private moveTo(cursor: number): void {
    if (!this.ownerless && !this.signal.aborted) this.keeper.advance(cursor, Promise.resolve());
  }

  /** Rows only. Newer servers answer with the log's entries, which also come by the log itself. */
  private async list(after: number): Promise<void> {
    const values = await this.page(after).catch((error: unknown) => {
      if (error instanceof Refused && UNSUPPORTED.has(error.status)) return [];
      throw error;
    });
    for (const value of values) if (!readEntry(value)) await this.takeRow(value);
  }

  private async takeRow(value: unknown): Promise<boolean> {
    const row = readCallRow(value);
    if (!row) return false;
    // A call that was over before we knew the agent comes by the agent's log, as far back as that goes.
    if (!row.over || (!this.ownerless && !this.mustList))
      await this.unlessStopped(this.calls.discover(row.call, this.agent));
    else if (this.ownerless) await this.unlessStopped(this.calls.ignore(row.call));
    return true;
  }

  private passOverEntry(): void {
    void super.passOver(undefined);
  }
}
