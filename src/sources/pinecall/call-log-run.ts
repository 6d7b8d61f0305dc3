/**
 * One run of the call-log source: who is followed. A follower for each owned agent's log, one for each call that is not
 * over. There is no bound on attachments: there are as many as there are agents and calls in progress, and for an agent that
 * is new to us for a while also as many as its log still names.
 */
import type { EventSink } from '../source.js';
import { AgentFollower, AgentStart, CallDirectory } from './agent-follower.js';
import { CallFollower } from './call-follower.js';
import type { FollowerContext } from './call-log-follower.js';
import type { CallLogTimings, CursorStore, OwnedAgents } from './call-log.source.js';
import { CursorKeeper } from './cursor-keeper.js';
import { Reachability } from './reachability.js';
import { SparseLog } from './sparse-log.js';
import { StreamTokens } from './stream-token.js';
import type { VoiceApi } from './voice-api.js';
import { Doorbell, childOf } from './waiting.js';

/** Calls that are over and still remembered: an agent's log names them again. Beyond it the oldest are forgotten. */
const MAX_FINISHED = 100_000;

export interface CallLogRunOptions {
  readonly source: string;
  readonly api: VoiceApi;
  readonly apiKey: string;
  readonly cursors: CursorStore;
  readonly agents: OwnedAgents;
  readonly timings: CallLogTimings;
  readonly sink: EventSink;
  live(): void;
  readonly signal: AbortSignal;
}

interface Row {
  readonly cursor: number;
  readonly done: boolean;
}

interface Tail {
  /** Ends it and marks its row; resolves when that is done. */
  retire(): Promise<void>;
}

export class CallLogRun implements CallDirectory {
  private readonly stopped;
  private readonly context: FollowerContext;
  private failure: Error | undefined;
  private readonly tasks = new Set<Promise<void>>();
  private readonly tails = new Map<string, Tail>();
  /** By call: resolves when its row is written. */
  private readonly calls = new Map<string, Promise<void>>();
  private readonly finished = new Set<string>();
  /** As loaded, and as left by tails that were retired since. */
  private readonly agentRows = new Map<string, Row>();

  constructor(private readonly options: CallLogRunOptions) {
    this.stopped = childOf(options.signal);
    const { api, apiKey, timings, source } = options;
    const fail = (error: Error) => this.fail(error);
    this.context = {
      api,
      timings,
      fail,
      tokens: new StreamTokens(api, apiKey, this.signal),
      reachability: new Reachability(timings.outageMs, () => options.live(), fail),
      log: new SparseLog(source),
    };
  }

  private get signal(): AbortSignal {
    return this.stopped.controller.signal;
  }

  /** Resolves when the signal has aborted and everything has ended; rejects when the run failed. */
  async run(): Promise<void> {
    const bell = new Doorbell();
    const changes = this.options.agents.changes.subscribe({ next: () => bell.ring(), error: () => undefined }); // It is polled, too.
    try {
      const owned = await this.options.agents.list();
      await this.resume(owned);
      this.sync(owned);
      await this.followOwnership(bell);
    } finally {
      changes.unsubscribe();
      this.stopped.controller.abort();
      this.stopped.release();
      while (this.tasks.size > 0) await Promise.all(this.tasks);
    }
    if (this.failure) throw this.failure;
  }

  async discover(call: string, agent: string): Promise<void> {
    if (this.finished.has(call)) return;
    await (this.calls.get(call) ?? this.followCall(call, 0, agent, true));
  }

  async ignore(call: string): Promise<void> {
    if (this.finished.has(call) || this.calls.has(call)) return;
    await this.keeperOf(`call:${call}`, 0).write(0, true, this.signal);
    this.remember(call);
  }

  private fail(error: Error): void {
    if (this.signal.aborted) return;
    this.failure = error;
    this.stopped.controller.abort();
  }

  private async resume(owned: readonly string[]): Promise<void> {
    const rows = await this.options.cursors.load(this.options.source);
    for (const [log, row] of rows) {
      if (log.startsWith('agent:')) this.agentRows.set(log.slice('agent:'.length), row);
      else if (row.done) this.remember(log.slice('call:'.length));
    }
    // Owned agents first: calls whose agent isn't known try their tokens before those of agents that were owned once.
    this.context.tokens.include(owned);
    const open = [...rows].filter(([log, { done }]) => log.startsWith('call:') && !done);
    if (open.length > 0) this.context.tokens.include(this.agentRows.keys());
    for (const [log, { cursor }] of open) void this.followCall(log.slice('call:'.length), cursor, undefined, false);
  }

  private async followOwnership(bell: Doorbell): Promise<void> {
    while (!this.signal.aborted) {
      await bell.wait(this.options.timings.ownedPollMs, this.signal);
      if (this.signal.aborted) return;
      try {
        await this.sync(await this.options.agents.list());
      } catch (error) {
        this.context.log.warn(`the owned agents could not be read: ${(error as Error).message}`);
      }
    }
  }

  /** Resolves when the tails of agents that were taken away have ended. Calls in progress go on: they stay with their tenant. */
  private async sync(list: readonly string[]): Promise<void> {
    const owned = new Set(list);
    const gone = [...this.tails].filter(([agent]) => !owned.has(agent));
    await Promise.all(gone.map(([, tail]) => tail.retire()));
    for (const agent of owned) if (!this.tails.has(agent) && !this.signal.aborted) this.tail(agent);
    if (owned.size === 0) this.context.reachability.reading();
  }

  private tail(agent: string): void {
    const row = this.agentRows.get(agent);
    const start: AgentStart = row?.done ? 'returned' : row && row.cursor > 0 ? 'resume' : 'first';
    const keeper = this.keeperOf(`agent:${agent}`, row?.cursor ?? 0);
    const follower = new AgentFollower(this.context, keeper, this, agent, start);
    const { controller, release } = childOf(this.signal);
    const ended = follower.follow(controller.signal).finally(release);
    this.spawn(ended);
    this.tails.set(agent, {
      retire: async () => {
        controller.abort();
        await ended;
        await follower.retire(this.signal);
        this.agentRows.set(agent, { cursor: keeper.cursor, done: true });
        this.context.tokens.drop(agent);
        this.tails.delete(agent);
      },
    });
  }

  /** Resolves when the call's row is written. */
  private followCall(call: string, cursor: number, agent: string | undefined, isNew: boolean): Promise<void> {
    const keeper = this.keeperOf(`call:${call}`, cursor);
    const begun = isNew ? keeper.write(cursor, false, this.signal) : Promise.resolve();
    this.calls.set(call, begun);
    this.spawn(begun.then(() => this.readCall(call, keeper, agent)));
    return begun;
  }

  private async readCall(call: string, keeper: CursorKeeper, agent: string | undefined): Promise<void> {
    await new CallFollower(this.context, keeper, this.options.sink, call, agent).follow(this.signal);
    this.calls.delete(call);
    if (!this.signal.aborted) this.remember(call);
  }

  private keeperOf(log: string, cursor: number): CursorKeeper {
    const { cursors, source, timings } = this.options;
    const save = (at: number, done: boolean) => cursors.save(source, log, at, done);
    return new CursorKeeper(save, cursor, timings.saveMs, this.context.log);
  }

  private remember(call: string): void {
    this.finished.add(call);
    const [oldest] = this.finished;
    if (this.finished.size > MAX_FINISHED && oldest !== undefined) this.finished.delete(oldest);
  }

  /** Nothing that runs on its own may end unseen. */
  private spawn(task: Promise<void>): void {
    const seen = task
      .catch((error: unknown) => this.fail(error instanceof Error ? error : new Error('a follower failed')))
      .finally(() => this.tasks.delete(seen));
    this.tasks.add(seen);
  }
}
