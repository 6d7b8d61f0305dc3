/**
 * Wire C: the call logs of a voice server, as a source. It tails the log of every agent that has an owner, and reads
 * every call that those logs name from its cursor to its end. Cursors are stored, so nothing is lost across restarts.
 */
import { EventSink, InvalidSource, Source } from '../source.js';
import { CallLogOptions, CallLogTimings, DEFAULT_TIMINGS } from './call-log-options.js';
import { CallLogRun } from './call-log-run.js';
import { VoiceApi } from './voice-api.js';

const PREFIX = 'pinecall+';
/** Printable ASCII: safe in a header, so that no HTTP client quotes it in an error. */
const API_KEY = /^[\x21-\x7e]+$/;

/** Reads `pinecall+wss://voice.pinecall.io` (or `pinecall+ws://…`); HTTP uses the same host. */
export class CallLogSource implements Source {
  readonly name: string;
  readonly once = true;
  private readonly socketBase: string;
  private readonly apiKey: string;
  private readonly timings: CallLogTimings;
  private current: CallLogRun | undefined;

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

  get trouble(): string | undefined {
    return this.current?.trouble;
  }

  /**
   * Rejects if the API key is refused, the cursors or agents cannot be read, or nothing could be read for a while (5 s
   * for a run that never could).
   */
  async run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void> {
    const { cursors, agents } = this.options;
    const { name: source, apiKey, timings } = this;
    const api = new VoiceApi(this.socketBase, timings.requestTimeoutMs);
    this.current = new CallLogRun({ source, api, apiKey, cursors, agents, timings, sink, live });
    await this.current.run(signal);
  }
}

/** The message does not repeat the entry, which may hold a secret. */
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
