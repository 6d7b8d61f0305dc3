/**
 * One run of the call-log source: one follower for each owned agent's log, and one for each call that is not over.
 * Attachments are not bounded: there are as many as agents and calls in progress. An agent that is new to us adds, for
 * a while, as many as its log still names.
 */
import { LRUCache } from 'lru-cache';
import { setMaxListeners } from 'node:events';
import { Backoff } from '../../common/backoff.js';
import type { EventSink } from '../source.js';
import type { CallDirectory } from './agent-follower.js';
import { AgentRow, AgentTails, TailsContext } from './agent-tails.js';
import { CallFollower } from './call-follower.js';
import type { CallLogTimings, CursorStore, OwnedAgents } from './call-log-options.js';
import { CursorKeeper } from './cursor-keeper.js';
import type { LogEntry } from './decode.js';
import { Reachability } from './reachability.js';
import { SparseLog } from '../../common/sparse-log.js';
import { UpstreamTokens } from './upstream-tokens.js';
import type { VoiceApi } from './voice-api.js';
import { Doorbell, pause } from '../../common/waiting.js';

/**
 * How many finished calls are remembered, because an agent's log names them again. Beyond it the oldest are forgotten.
 */
const MAX_FINISHED = 100_000;
const AGENT = 'agent:';
const CALL = 'call:';

export interface CallLogRunOptions {
  readonly source: string;
  readonly api: VoiceApi;
  readonly apiKey: string;
  readonly cursors: CursorStore;
  readonly agents: OwnedAgents;
  readonly timings: CallLogTimings;
  readonly sink: EventSink;
  readonly live: () => void;
}

export class CallLogRun implements CallDirectory {
  private readonly abort = new AbortController();
  private readonly context: TailsContext;
  private failure: Error | undefined;
  private readonly tasks = new Set<Promise<void>>();
  /** By call: resolves when its row is written. */
  private readonly calls = new Map<string, Promise<void>>();
  private readonly finished = new LRUCache<string, true>({ max: MAX_FINISHED });

  constructor(private readonly options: CallLogRunOptions) {
    const { api, apiKey, timings, source, live } = options;
    const { signal } = this.abort;
    setMaxListeners(0, signal); // One listener an attachment, and there are as many as there are calls.
    const fail = (error: Error) => this.fail(error);
    this.context = {
      api,
      timings,
      fail,
      signal,
      calls: this,
      tokens: new UpstreamTokens(api, apiKey, signal),
      reachability: new Reachability(timings.outageMs, live, fail),
      log: new SparseLog('CallLog', source),
      hadEarlierOwner: (agent) => options.agents.hadEarlierOwner(agent),
      keeperOf: (log, cursor) => this.keeperOf(log, cursor),
      spawn: (task) => this.spawn(task),
    };
  }

  /** What cannot be read now, in words. */
  get trouble(): string | undefined {
    return this.context.reachability.trouble;
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

  async discover(call: string, agent: string, start?: LogEntry): Promise<void> {
    if (this.finished.has(call)) return;
    await (this.calls.get(call) ?? this.begin(call, 0, agent, true, start));
  }

  async ignore(call: string): Promise<void> {
    if (this.finished.has(call) || this.calls.has(call)) return;
    await this.keeperOf(CALL + call, 0).write(0, true, this.context.signal);
    this.remember(call);
  }

  private async follow(): Promise<void> {
    const { agents, timings } = this.options;
    const bell = new Doorbell();
    // Changes are only hints, so the list is also read at intervals.
    const changes = agents.changes.subscribe({ next: () => bell.ring(), error: () => undefined });
    try {
      const tails = await this.resume(await agents.list());
      while (!this.context.signal.aborted) {
        await bell.wait(timings.ownedPollMs, this.context.signal);
        if (!this.context.signal.aborted) await this.syncWith(tails);
      }
    } finally {
      changes.unsubscribe();
    }
  }

  private async resume(owned: readonly string[]): Promise<AgentTails> {
    const rows = [...(await this.options.cursors.load(this.options.source))];
    const agentRows = new Map<string, AgentRow>();
    for (const [log, row] of rows) if (log.startsWith(AGENT)) agentRows.set(log.slice(AGENT.length), row);
    const open = rows.filter(([log, { done }]) => log.startsWith(CALL) && !done);
    // For these calls no agent is known. Tokens of owned agents are tried first, then those of formerly owned ones.
    this.context.tokens.include(owned);
    if (open.length > 0) this.context.tokens.include(agentRows.keys());
    for (const [log, { cursor }] of open) void this.begin(log.slice(CALL.length), cursor, undefined, false);
    const tails = new AgentTails(this.context, agentRows);
    await tails.retireAbsent(owned);
    await tails.sync(owned);
    return tails;
  }

  private async syncWith(tails: AgentTails): Promise<void> {
    try {
      await tails.sync(await this.options.agents.list());
    } catch (error) {
      this.context.log.warn('agents', `the owned agents could not be read: ${(error as Error).message}`);
    }
  }

  /**
   * Begins to follow a call; resolves when it has its row. A call that is new to this run may be over: its row says so.
   */
  private begin(
    call: string,
    cursor: number,
    agent: string | undefined,
    isNew: boolean,
    start?: LogEntry,
  ): Promise<void> {
    const keeper = this.keeperOf(CALL + call, cursor);
    const begun = isNew ? this.isOver(call) : Promise.resolve(false);
    const written = begun.then((isOver) =>
      isNew && !isOver ? keeper.write(cursor, false, this.context.signal) : undefined,
    );
    this.calls.set(call, written);
    this.spawn(written.then(async () => ((await begun) ? this.leave(call) : this.read(call, keeper, agent, start))));
    return written;
  }

  private async read(call: string, keeper: CursorKeeper, agent: string | undefined, start?: LogEntry): Promise<void> {
    await new CallFollower(this.context, keeper, this.options.sink, call, agent, start).follow(this.context.signal);
    this.leave(call);
  }

  private leave(call: string): void {
    this.calls.delete(call);
    if (!this.context.signal.aborted) this.remember(call);
  }

  /** Waits while the store is away. */
  private async isOver(call: string): Promise<boolean> {
    const { cursors, source, timings } = this.options;
    const { signal, log } = this.context;
    for (const backoff = new Backoff(timings.backoff); !signal.aborted; await pause(backoff.nextMs(), signal)) {
      try {
        return (await cursors.find(source, CALL + call))?.done ?? false;
      } catch (error) {
        log.warn('cursor', `a cursor could not be read: ${(error as Error).message}`);
      }
    }
    return false;
  }

  private keeperOf(log: string, cursor: number): CursorKeeper {
    const { cursors, source, timings } = this.options;
    const save = (at: number, done: boolean) => cursors.save(source, log, at, done);
    return new CursorKeeper(save, cursor, timings.saveMs, this.context.log);
  }

  private remember(call: string): void {
    this.finished.set(call, true);
  }

  private fail(error: Error): void {
    if (this.abort.signal.aborted) return;
    this.failure = error;
    this.abort.abort();
  }

  /** No background task may fail unnoticed. */
  private spawn(task: Promise<void>): void {
    const seen = task
      .catch((error: unknown) => this.fail(error instanceof Error ? error : new Error('a follower failed')))
      .finally(() => this.tasks.delete(seen));
    this.tasks.add(seen);
  }
}
