/** What the readers of an agent process (wires A and B, and the embedded topology) share: addresses, frames, faults. */
import { parseJson } from '../../common/json.js';
import type { DecodedEvent } from '../../events/log/event.js';
import { EventSink, InvalidSource } from '../source.js';
import { isObject } from '../../common/exact-number.js';

/** Longest frame of an agent process, whose own are a few KB. Bounds memory a connection. */
export const MAX_FRAME_LENGTH = 1024 * 1024;
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

/** Never rejects. The events of a live wire need no answer: the sink keeps their order, and a reader waits for its room. */
export function pushLive(sink: EventSink, event: DecodedEvent): Promise<void> {
  return sink.push([event]).catch(() => undefined); // Rejects only when the source was told to stop; its signal says so too.
}
