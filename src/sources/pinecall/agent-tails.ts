/** Which agents' logs are tailed: those that have an owner, as owners change. */
import { AgentFollower, AgentStart, CallDirectory } from './agent-follower.js';
import type { FollowerContext } from './call-log-follower.js';
import type { CursorKeeper } from './cursor-keeper.js';
import { childOf } from '../../common/waiting.js';

export interface AgentRow {
  readonly cursor: number;
  /** Nobody owns the agent. After this cursor, only calls that are still live matter. */
  readonly done: boolean;
}

/** What the tails need from their run. */
export interface TailsContext extends FollowerContext {
  readonly calls: CallDirectory;
  /** The signal of the whole run. */
  readonly signal: AbortSignal;
  hadEarlierOwner(agent: string): Promise<boolean>;
  keeperOf(log: string, cursor: number): CursorKeeper;
  /** Starts a task; the run waits for its end. */
  spawn(task: Promise<void>): void;
}

interface Tail {
  /** Ends the tail and marks its row; resolves when that is done. */
  retire(): Promise<void>;
}

export class AgentTails {
  private readonly tails = new Map<string, Tail>();

  constructor(
    private readonly context: TailsContext,
    /** As loaded, and kept up to date for retired agents. */
    private readonly rows: Map<string, AgentRow>,
  ) {}

  /** Agents that were taken away while we were not running. */
  async retireAbsent(list: readonly string[]): Promise<void> {
    const owned = new Set(list);
    for (const [agent, { cursor, done }] of this.rows) {
      if (done || owned.has(agent)) continue;
      await this.keeperOf(agent, cursor).write(cursor, true, this.context.signal);
      this.rows.set(agent, { cursor, done: true });
    }
  }

  /** Resolves when the tails of retired agents have ended. Calls in progress go on: they stay with their tenant. */
  async sync(list: readonly string[]): Promise<void> {
    const owned = new Set(list);
    const gone = [...this.tails].filter(([agent]) => !owned.has(agent));
    await Promise.all(gone.map(([, tail]) => tail.retire()));
    for (const agent of owned) {
      if (this.tails.has(agent)) continue;
      // Calls that ended before we first heard of the agent belong to its present owner only if nobody owned it before.
      if (!this.rows.has(agent) && (await this.context.hadEarlierOwner(agent)))
        this.rows.set(agent, { cursor: 0, done: true });
      if (!this.context.signal.aborted) this.begin(agent);
    }
    if (owned.size === 0) await this.probe();
  }

  /** Nobody owns an agent. The server is still checked, or nobody would know that it is away. */
  private async probe(): Promise<void> {
    const { api, signal, reachability } = this.context;
    await api.probe(signal).then(
      () => reachability.reading(),
      (error: Error) => signal.aborted || reachability.notFound(error),
    );
  }

  private begin(agent: string): void {
    const row = this.rows.get(agent);
    const keeper = this.keeperOf(agent, row?.cursor ?? 0);
    const follower = new AgentFollower(this.context, keeper, this.context.calls, agent, startOf(row));
    const { controller, release } = childOf(this.context.signal);
    const ended = follower.follow(controller.signal).finally(release);
    this.context.spawn(ended);
    this.tails.set(agent, {
      retire: async () => {
        controller.abort();
        await ended;
        await follower.retire(this.context.signal);
        this.rows.set(agent, { cursor: keeper.cursor, done: true });
        this.context.tokens.drop(agent);
        this.tails.delete(agent);
      },
    });
  }

  private keeperOf(agent: string, cursor: number): CursorKeeper {
    return this.context.keeperOf(`agent:${agent}`, cursor);
  }
}

function startOf(row: AgentRow | undefined): AgentStart {
  if (row?.done) return 'returned';
  return row && row.cursor > 0 ? 'resume' : 'first';
}
