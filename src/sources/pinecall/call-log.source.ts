/**
 * Wire C: the call logs of a voice server, as a source. It tails the log of every agent that somebody owns, and reads every
 * call that those logs name from its cursor to its end. Cursors are stored, so nothing is lost across restarts.
 */
import type { Observable } from 'rxjs';
import { EventSink, InvalidSource, Source } from '../source.js';
import { CallLogRun } from './call-log-run.js';
import { VoiceApi } from './voice-api.js';

const PREFIX = 'pinecall+';
/** Printable ASCII: what can stand in a header, so that no HTTP client quotes it in an error. */
const API_KEY = /^[\x21-\x7e]+$/;

/** Where the cursors of a source's logs are kept: `agent:<name>` and `call:<id>`. */
export interface CursorStore {
  /**
   * All rows of the source. It may leave out rows not touched for longer than the voice server keeps logs: a call that is
   * named again without its row is read again, and its events are dropped as repeats.
   */
  load(source: string): Promise<ReadonlyMap<string, { cursor: number; done: boolean }>>;
  /** Writes a row, new or not; the last write wins. A rejected write is tried again. */
  save(source: string, log: string, cursor: number, done: boolean): Promise<void>;
}

/** The agents that some tenant owns now. */
export interface OwnedAgents {
  list(): Promise<readonly string[]>;
  /** Emits when an agent was assigned or taken away. A hint: the list is also read again now and then. */
  readonly changes: Observable<unknown>;
}

export interface CallLogTimings {
  /** Under the minute after which proxies cut an idle socket; a dead peer is found within three of them. */
  readonly pingMs: number;
  /** Between two pages, where a log can't be tailed. */
  readonly pollMs: number;
  /** How long a log is read in pages before a WebSocket is tried again. */
  readonly retrySocketMs: number;
  /** Between two looks at the owned agents, in case a change was not announced. */
  readonly ownedPollMs: number;
  /** Shortest time between two writes of one cursor: what a crash repeats at most. */
  readonly saveMs: number;
  readonly requestTimeoutMs: number;
  /** How long nothing can be read before the source says that it failed. */
  readonly outageMs: number;
  readonly backoff: { readonly firstMs: number; readonly maxMs: number };
}

const DEFAULT_TIMINGS: CallLogTimings = {
  pingMs: 20_000,
  pollMs: 2000,
  retrySocketMs: 300_000,
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

/** Reads `pinecall+wss://voice.pinecall.io` (or `pinecall+ws://…`); HTTP is at the same host. */
export class CallLogSource implements Source {
  readonly name: string;
  private readonly socketBase: string;
  private readonly apiKey: string;
  private readonly timings: CallLogTimings;

  /** Throws {@link InvalidSource}. */
  constructor(
    entry: string,
    private readonly options: CallLogOptions,
  ) {
    this.socketBase = readSocketBase(entry);
    this.name = PREFIX + this.socketBase;
    if (!options.apiKey) throw new InvalidSource(`SOURCES: ${this.name} needs PINECALL_API_KEY`);
    if (!API_KEY.test(options.apiKey)) {
      throw new InvalidSource('PINECALL_API_KEY: must be printable ASCII without white space');
    }
    this.apiKey = options.apiKey;
    this.timings = { ...DEFAULT_TIMINGS, ...options.timings };
  }

  /** Rejects when the API key is refused, the cursors or agents can't be read, or nothing could be read for a while. */
  async run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void> {
    const { cursors, agents } = this.options;
    const { name: source, apiKey, timings } = this;
    const api = new VoiceApi(this.socketBase, timings.requestTimeoutMs);
    await new CallLogRun({ source, api, apiKey, cursors, agents, timings, sink, live }).run(signal);
  }
}

/** The message doesn't repeat the entry: it may hold a secret. */
function readSocketBase(entry: string): string {
  const address = entry.slice(PREFIX.length);
  const url = entry.startsWith(PREFIX) && URL.canParse(address) ? new URL(address) : undefined;
  const hasMore = url && (url.username || url.password || url.search || url.hash || url.pathname !== '/');
  if (!url || hasMore || !['ws:', 'wss:'].includes(url.protocol)) {
    throw new InvalidSource(
      'SOURCES: an entry that begins with "pinecall+" must look like pinecall+wss://voice.pinecall.io',
    );
  }
  return `${url.protocol}//${url.host}`;
}
