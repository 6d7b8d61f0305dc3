/** What the call-log source is given: where its cursors are kept, whose agents it follows, and its intervals. */
import type { Observable } from 'rxjs';

/** Where the cursors of a source's logs are kept: `agent:<name>` and `call:<id>`. */
export interface CursorStore {
  /** The rows of the source, except those of calls that are over. */
  load(source: string): Promise<ReadonlyMap<string, { cursor: number; done: boolean }>>;
  /**
   * One row. It may be gone if it was not touched for longer than the voice server keeps logs. A call that is named
   * again without its row is read again, and its events are dropped as duplicates.
   */
  find(source: string, log: string): Promise<{ cursor: number; done: boolean } | undefined>;
  /** Writes a row, new or not; the last write wins. A rejected write is repeated. */
  save(source: string, log: string, cursor: number, done: boolean): Promise<void>;
}

/** The agents that some tenant owns now. */
export interface OwnedAgents {
  list(): Promise<readonly string[]>;
  /** True if somebody owned it before: what its log already holds may belong to them. */
  hadEarlierOwner(agent: string): Promise<boolean>;
  /** Emits when an agent was assigned or taken away. A hint: the list is also read again at intervals. */
  readonly changes: Observable<unknown>;
}

export interface CallLogTimings {
  /** Under the minute after which proxies cut an idle socket; a dead peer is found within three of these. */
  readonly pingMs: number;
  /** Between two pages, if a log cannot be tailed. */
  readonly pollMs: number;
  /**
   * How long a log is read in pages before a WebSocket is tried again: the log may just have been unknown. Costs a
   * thirtieth of the polls.
   */
  readonly retrySocketMs: number;
  /** Between two reads of the owned agents, in case a change was not announced. */
  readonly ownedPollMs: number;
  /** The shortest time between two writes of one cursor: a crash repeats at most this much. */
  readonly saveMs: number;
  readonly requestTimeoutMs: number;
  /** How long nothing can be read before the source reports that it failed. */
  readonly outageMs: number;
  readonly backoff: { readonly firstMs: number; readonly maxMs: number };
}

export const DEFAULT_TIMINGS: CallLogTimings = {
  pingMs: 20_000,
  pollMs: 2000,
  retrySocketMs: 60_000,
  ownedPollMs: 30_000,
  saveMs: 1000,
  requestTimeoutMs: 15_000,
  outageMs: 60_000,
  backoff: { firstMs: 250, maxMs: 30_000 },
};

export interface CallLogOptions {
  /** `PINECALL_API_KEY`. */
  readonly apiKey: string | undefined;
  readonly cursors: CursorStore;
  readonly agents: OwnedAgents;
  readonly timings?: Partial<CallLogTimings>;
}
