/** Which agents' logs are tailed: those that somebody owns, as that changes. */
import { AgentFollower, AgentStart, CallDirectory } from './agent-follower.js';
import type { FollowerContext } from './call-log-follower.js';
import type { CursorKeeper } from './cursor-keeper.js';
import { childOf } from '../../common/waiting.js';

export interface AgentRow {
  readonly cursor: number;
  /** Nobody owns it; of the time after this cursor, only calls that are still live are of interest. */
  readonly done: boolean;
}

/** What the tails need of the run that they are part of. */
export interface TailsContext extends FollowerContext {
  readonly calls: CallDirectory;
  /** Of the whole run. */
  readonly signal: AbortSignal;
  hadEarlierOwner(agent: string): Promise<boolean>;
  keeperOf(log: string, cursor: number): CursorKeeper;
  /** Lets a task run on its own; the run waits for it. */
  spawn(task: Promise<void>): void;
}

interface Tail {
  /** Ends it and marks its row; resolves when that is done. */
  retire(): Promise<void>;
}

export class AgentTails {
  private readonly tails = new Map<string, Tail>();

  constructor(
    private readonly context: TailsContext,
    /** As loaded; kept up to date for agents that are retired. */
    private readonly rows: Map<string, AgentRow>,
  ) {}

  /** Agents that were taken away while we weren't running. */
  async retireAbsent(list: readonly string[]): Promise<void> {
    const owned = new Set(list);
    for (const [agent, { cursor, done }] of this.rows) {
      if (done || owned.has(agent)) continue;
      await this.keeperOf(agent, cursor).write(cursor, true, this.context.signal);
      this.rows.set(agent, { cursor, done: true });
    }
  }

  /** Resolves when the tails of agents that were taken away have ended. Calls in progress go on: they stay with their tenant. */
  async sync(list: readonly string[]): Promise<void> {
    const owned = new Set(list);
    const gone = [...this.tails].filter(([agent]) => !owned.has(agent));
    await Promise.all(gone.map(([, tail]) => tail.retire()));
    for (const agent of owned) {
      if (this.tails.has(agent)) continue;
      // Calls that ended before we first hear of the agent are its present owner's only if nobody had it before.
      if (!this.rows.has(agent) && (await this.context.hadEarlierOwner(agent)))
        this.rows.set(agent, { cursor: 0, done: true });
      if (!this.context.signal.aborted) this.begin(agent);
    }
    if (owned.size === 0) await this.probe();
  }

  /** Nobody owns an agent: the server is looked at all the same, or it would be away and nobody knew. */
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
