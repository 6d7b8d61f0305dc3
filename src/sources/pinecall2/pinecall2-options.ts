/** What the sources of the second generation are given: an address, keys, where cursors are kept, intervals. */
import { InvalidSource } from '../source.js';

/** Where the cursors of a source's logs are kept: `call:<id>`, `sessions`, `usage`. As source-cursors.ts has them. */
export interface CursorStore {
  load(source: string): Promise<ReadonlyMap<string, { cursor: number; done: boolean }>>;
  find(source: string, log: string): Promise<{ cursor: number; done: boolean } | undefined>;
  save(source: string, log: string, cursor: number, done: boolean): Promise<void>;
}

export interface Timings {
  /** Between two looks at the list of calls: a floor is only a hint. */
  readonly reconcileMs: number;
  /** Between two pages of a call in progress that has no stream. */
  readonly pollMs: number;
  /** How long a log with a frame that is too long is read in pages. */
  readonly retryStreamMs: number;
  /** The stream is dead if nothing, not even a comment, came for this time. A gateway writes a comment every 25 s. */
  readonly silenceMs: number;
  /** A call whose log stays empty for this time never began. */
  readonly emptyMs: number;
  /** A call without an entry for this time was erased: upstream itself ends the calls of a dead worker. */
  readonly abandonedMs: number;
  /** Shortest time between two writes of one cursor: what a crash repeats at most. */
  readonly saveMs: number;
  readonly requestTimeoutMs: number;
  /** How long nothing can be read before the source says that it failed. */
  readonly outageMs: number;
  readonly backoff: { readonly firstMs: number; readonly maxMs: number };
}

export const DEFAULT_TIMINGS: Timings = {
  reconcileMs: 60_000,
  pollMs: 15_000,
  retryStreamMs: 60_000,
  silenceMs: 75_000,
  emptyMs: 600_000,
  abandonedMs: 6 * 3600_000,
  saveMs: 5000,
  requestTimeoutMs: 30_000,
  outageMs: 60_000,
  backoff: { firstMs: 250, maxMs: 30_000 },
};

export interface Pinecall2Options {
  readonly apiKey: string;
  /** With which calls are steered; absent: the other one. */
  readonly supervisorKey?: string | undefined;
  readonly cursors: CursorStore;
  readonly timings?: Partial<Timings>;
  /** Authorities beside the system's, as PEM. */
  readonly ca?: string;
  /** Requests a minute; absent: below what the gateway allows. */
  readonly perMinute?: number;
}

/** An entry of `SOURCES`, taken apart. */
export interface GatewayAddress {
  readonly origin: string;
  readonly world: 'production' | 'sandbox';
  /** How many days of calls that were over before we first came are read. */
  readonly historyDays: number;
  readonly withSimulated: boolean;
}

/** Printable ASCII: what can stand in a header, so that no HTTP client quotes it in an error. */
const API_KEY = /^[\x21-\x7e]+$/;
const MAX_HISTORY_DAYS = 3650;
const KNOWN = new Set(['env', 'history', 'simulated']);

/** Throws {@link InvalidSource}, whose message doesn't repeat the entry: it may hold a secret. */
export function readAddress(entry: string, prefix: string): GatewayAddress {
  const address = entry.slice(prefix.length);
  const url = entry.startsWith(prefix) && URL.canParse(address) ? new URL(address) : undefined;
  const hasMore = url && (url.username || url.password || url.hash || url.pathname !== '/');
  if (!url || hasMore || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidSource(
      `SOURCES: an entry that begins with "${prefix}" must look like ${prefix}https://box.pinecall.io`,
    );
  }
  const query = url.searchParams;
  const world = query.get('env') ?? 'production';
  const history = query.get('history') ?? '0';
  if (world !== 'production' && world !== 'sandbox')
    throw new InvalidSource(`SOURCES: ${prefix}…: env must be production or sandbox`);
  if (!/^\d{1,4}$/.test(history) || Number(history) > MAX_HISTORY_DAYS)
    throw new InvalidSource(`SOURCES: ${prefix}…: history must be days, 0 to ${MAX_HISTORY_DAYS}`);
  if ([...query.keys()].some((name) => !KNOWN.has(name)))
    throw new InvalidSource(`SOURCES: ${prefix}…: known are env, history and simulated`);
  const withSimulated = ['true', '1', ''].includes(query.get('simulated') ?? 'false');
  return { origin: url.origin, world, historyDays: Number(history), withSimulated };
}

/** Throws {@link InvalidSource} for what cannot be a key; it is not repeated. */
export function readKey(key: string, name: string): string {
  if (!API_KEY.test(key)) throw new InvalidSource(`${name}: must be printable ASCII without white space`);
  return key;
}
