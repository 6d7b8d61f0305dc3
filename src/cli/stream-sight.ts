/** What an event stream looks like from here, through whatever stands in between. */
import { type Api, ApiError } from './api.js';
import { readStream } from './sse-client.js';

export interface Sight {
  readonly headers: Headers;
  /** The server's words if it opened no stream. */
  readonly refusal: string | undefined;
  /** From the request to the first event; undefined: no event came. */
  readonly greetedMs: number | undefined;
  readonly pinged: boolean;
  /** Types of the events that came. */
  readonly types: ReadonlySet<string>;
}

export interface LookOptions {
  readonly lastEventId?: string;
  /** Watches until this has come or the time is over. */
  readonly until: 'greeting' | 'ping' | 'gap';
  readonly forMs: number;
}

export async function look(api: Api, place: string, { lastEventId, until, forMs }: LookOptions): Promise<Sight> {
  const abort = new AbortController();
  const timeOver = setTimeout(() => abort.abort(), forMs);
  const startedAt = performance.now();
  const types = new Set<string>();
  const seen: { headers: Headers; refusal?: string; greetedMs?: number; pinged: boolean } = {
    headers: new Headers(),
    pinged: false,
  };
  const isDone = () => ({ greeting: types.size > 0, ping: seen.pinged, gap: types.has('log.caught_up') })[until];
  const stopWhenDone = () => void (isDone() && abort.abort());
  const headers = {
    Accept: 'text/event-stream',
    ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
  };
  try {
    const response = await api.fetch('GET', place, undefined, { headers, signal: abort.signal });
    seen.headers = response.headers;
    await readStream(response, {
      onEvent: ({ event }) => {
        seen.greetedMs ??= performance.now() - startedAt;
        types.add(event ?? 'message');
        stopWhenDone();
      },
      onComment: (comment) => {
        seen.pinged ||= comment === 'ping';
        stopWhenDone();
      },
    });
  } catch (error) {
    if (error instanceof ApiError) seen.refusal = error.message; // Otherwise the stream broke, or we have seen enough.
  } finally {
    clearTimeout(timeOver);
  }
  const { refusal, greetedMs, pinged } = seen;
  return { headers: seen.headers, refusal, greetedMs, pinged, types };
}
