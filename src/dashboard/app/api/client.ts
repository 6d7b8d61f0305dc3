/**
 * How the page talks to the server, in one of two ways. By cookie: this browser's own session. A cookie only reads, so
 * changes are sent with a token that this tab keeps. The session of a sign-in link renews it. By bearer: an admin looks
 * at a customer's page with a token of that customer.
 */
import { Fault, asFault, faultOf } from './problem.js';
import { writeToken } from './write-token.js';
import { learnServerTime } from '../common/clock.js';
import { basePath } from '../common/place.js';

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Client {
  readonly mode: 'cookie' | 'bearer';
  /** Rejects with a {@link Fault}. */
  get<Answer>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer>;
  /** Rejects with a {@link Fault}: `needs-token` if this tab has no token for changes. */
  send<Answer>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
  /** Where an EventSource opens the stream after a cursor: by cookie, or by a stream token in the URL. */
  streamUrl(path: string, after: string): Promise<string>;
}

export const cookieClient: Client = {
  mode: 'cookie',
  get: (path, query, signal) => call('GET', withQuery(path, query), { ...(signal && { signal }) }),
  send: async (method, path, body) => {
    const kept = writeToken.get();
    const token = kept ?? (await renewed());
    try {
      return await call<never>(method, path, { token, body });
    } catch (error) {
      // The tab's token has ended, not the session. Nothing was changed.
      if (!asFault(error).endsSession) throw error;
      if (writeToken.get() === token) writeToken.set(null);
      if (kept === null) throw needsToken();
    }
    return call<never>(method, path, { token: await renewed(), body });
  },
  streamUrl: (path, after) => Promise.resolve(basePath + withQuery(path, { after })),
};

let renewal: Promise<string> | undefined;

/** Another token for this tab, by the session. Rejects with `needs-token` if the session has none to give. */
function renewed(): Promise<string> {
  renewal ??= renew().finally(() => (renewal = undefined));
  return renewal;
}

async function renew(): Promise<string> {
  try {
    const { token } = await call<{ token: string }>('POST', '/v1/session/token');
    writeToken.set(token);
    return token;
  } catch (error) {
    const fault = asFault(error);
    throw fault.endsSession || fault.slug === 'insufficient-scope' ? needsToken() : fault;
  }
}

function needsToken(): Fault {
  return new Fault('needs-token', 'This needs a token that may change things.');
}

export function bearerClient(token: string): Client {
  return {
    mode: 'bearer',
    get: (path, query, signal) => call('GET', withQuery(path, query), { token, ...(signal && { signal }) }),
    send: (method, path, body) => call(method, path, { token, body }),
    streamUrl: async (path, after) => {
      const minted = await call<{ token: string }>('POST', '/v1/stream-tokens', { token, body: {} });
      return basePath + withQuery(path, { after, token: minted.token });
    },
  };
}

interface Options {
  readonly token?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Longer than the server takes for anything (10 s a statement). */
const LONGEST_MS = 30_000;

/** One request; rejects with a {@link Fault}. An abort by the caller rejects as it is. */
export async function call<Answer>(
  method: string,
  path: string,
  { token, body, signal }: Options = {},
): Promise<Answer> {
  const headers = new Headers({ Accept: 'application/json' });
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
  if (body !== undefined) headers.set('Content-Type', 'application/json');
  const ending = new AbortController();
  const end = () => ending.abort();
  // A half-open connection brings neither an answer nor an error.
  const timer = setTimeout(end, LONGEST_MS);
  signal?.addEventListener('abort', end);
  const init: RequestInit = { method, headers, credentials: 'same-origin', signal: ending.signal };
  if (body !== undefined) init.body = JSON.stringify(body);
  try {
    const response = await fetch(basePath + path, init);
    learnServerTime(response.headers.get('date'));
    if (!response.ok) throw await faultOf(response);
    return (response.status === 204 ? undefined : await response.json()) as Answer;
  } catch (error) {
    throw signal?.aborted ? error : asFault(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

export function withQuery(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}
