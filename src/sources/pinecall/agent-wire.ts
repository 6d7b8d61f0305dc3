/** What the readers of an agent process (wires A and B, and the embedded topology) share: addresses, frames, faults. */
import { Logger } from '@nestjs/common';
import { parseJson } from '../../common/json.js';
import type { DecodedEvent } from '../../events/log/event.js';
import { EventSink, InvalidSource } from '../source.js';
import { isObject } from './decode.js';

/** Longest frame of an agent process, whose own are a few KB. Bounds memory a connection. */
export const MAX_FRAME_LENGTH = 1024 * 1024;
/** Shortest time between two log lines about the same trouble of one source. */
const LOG_EVERY_MS = 10_000;
/** How long a peer may take to say that it lets us read: what it says then may be longer in coming. */
export const HANDSHAKE_MS = 15_000;
/** RFC 6750's b64token, more or less: what can stand in a header, so that no HTTP client quotes it in an error. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Where to connect, and what to present there. */
export interface Endpoint {
  /** Without userinfo: `fetch` refuses one, and quotes the password in the error. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads a `SOURCES` entry such as `sse+http://host/path?query`. A token goes out as Bearer; without one, userinfo of the URL
 * goes out as Basic. Throws {@link InvalidSource}, whose message doesn't repeat the entry: it may hold a secret.
 */
export function readEndpoint(entry: string, prefix: string, protocols: readonly string[], token?: string): Endpoint {
  const address = entry.slice(prefix.length);
  const url = entry.startsWith(prefix) && URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !protocols.includes(url.protocol)) {
    const shapes = protocols.map((protocol) => `${prefix}${protocol}//host/path`);
    throw new InvalidSource(`SOURCES: an entry that begins with "${prefix}" must look like ${shapes.join(' or ')}`);
  }
  const authorization = token === undefined ? basicAuthorization(url) : bearerAuthorization(token);
  url.username = '';
  url.password = '';
  url.hash = '';
  return { url, headers: authorization === undefined ? {} : { Authorization: authorization } };
}

function bearerAuthorization(token: string): string {
  if (!TOKEN.test(token)) throw new InvalidSource('SOURCE_TOKEN: must be printable ASCII without white space');
  return `Bearer ${token}`;
}

function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  try {
    const userinfo = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(userinfo).toString('base64')}`;
  } catch {
    throw new InvalidSource('SOURCES: the user or password in a URL is not percent-encoded as it must be');
  }
}

/** The object that the data of a frame must be; of anything else, nothing. */
export function parseFields(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // Not JSON; the caller passes it over and says so.
  }
}

/** Why an agent process that answered is not read from. */
export function refusal(status: number | undefined): Error {
  const hint = status === 401 || status === 403 ? ': is SOURCE_TOKEN right?' : '';
  return new Error(`the agent process answered with status ${status ?? 'unknown'}${hint}`);
}

/** One readable line about a broken connection: `fetch` hides the reason in `cause`, and of localhost's only the code is set. */
export function connectionFault(error: unknown): Error {
  const fault = isObject(error) && isObject(error['cause']) ? error['cause'] : error;
  const said = isObject(fault) ? [fault['message'], fault['code']] : [];
  const reason = said.find((each): each is string => typeof each === 'string' && each !== '');
  const words = isObject(fault) ? FAULTS.get(fault['code'] ?? '') : undefined;
  // OpenSSL's own words for it are its source's file and line.
  if (reason?.includes('wrong version number')) return new Error(`the connection failed: ${NO_TLS}`, { cause: error });
  return new Error(`the connection failed: ${[words, reason ?? 'no reason is known'].filter(Boolean).join(': ')}`, {
    cause: error,
  });
}

const NO_TLS = 'that server does not speak TLS there';
/** What the codes of Node.js mean to who has to put it right: https://nodejs.org/api/errors.html#common-system-errors */
const FAULTS = new Map<unknown, string>([
  ['ENOTFOUND', 'there is no host of that name'],
  ['EAI_AGAIN', 'the name cannot be looked up now'],
  ['ECONNREFUSED', 'nothing listens there'],
  ['ECONNRESET', 'that server closed the connection'],
  ['ETIMEDOUT', 'nothing answers there'],
  ['UND_ERR_CONNECT_TIMEOUT', 'nothing answers there'],
]);

/** Never rejects. The events of a live wire need no answer: the sink keeps their order, and a reader waits for its room. */
export function pushLive(sink: EventSink, event: DecodedEvent): Promise<void> {
  return sink.push([event]).catch(() => undefined); // Rejects only when the source was told to stop; its signal says so too.
}

/** The promise's value, or undefined as soon as the source is told to stop. A listener less than `Promise.race`, which keeps each. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Says what a source left out: at most one line in ten seconds, and nothing of the content (security rule 8). */
export class PassedOver {
  private readonly logger = new Logger('Source');
  private count = 0;
  private loggedAt = -Infinity;

  constructor(
    private readonly source: string,
    private readonly what: string,
  ) {}

  note(): void {
    this.count += 1;
    const now = performance.now();
    if (now - this.loggedAt < LOG_EVERY_MS) return;
    this.logger.warn(`${this.source}: passed over ${this.count} × ${this.what}`);
    this.count = 0;
    this.loggedAt = now;
  }
}
