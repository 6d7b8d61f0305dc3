/** What the readers of agent processes (wires A and B, and the embedded topology) share: addresses, frames, faults. */
import { parseJson } from '../../common/json.js';
import type { DecodedEvent } from '../../events/log/event.js';
import { EventSink, InvalidSource } from '../source.js';
import { isObject } from '../../common/exact-number.js';

/** The longest frame of an agent process; usual ones are a few KB. Bounds memory per connection. */
export const MAX_FRAME_LENGTH = 1024 * 1024;
/** How long a peer may take to accept our request. Its first event may take longer. */
export const HANDSHAKE_MS = 15_000;
/** Roughly RFC 6750's b64token: safe in a header, so that no HTTP client quotes it in an error. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Where to connect, and with which credentials. */
export interface Endpoint {
  /** Without userinfo: `fetch` refuses it, and quotes the password in the error. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads a `SOURCES` entry such as `sse+http://host/path?query`. A token is sent as Bearer; without one, userinfo of the
 * URL is sent as Basic. Throws {@link InvalidSource}, whose message does not repeat the entry, which may hold a secret.
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

/** The object in the data of a frame; undefined if it is anything else. */
export function parseFields(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // Not JSON; the caller passes it over and logs that.
  }
}

/** Why an agent process that answered is not read. */
export function refusal(status: number | undefined): Error {
  const hint = status === 401 || status === 403 ? ': is SOURCE_TOKEN right?' : '';
  return new Error(`the agent process answered with status ${status ?? 'unknown'}${hint}`);
}

/**
 * Never rejects. The events of a live wire need no answer: the sink keeps their order, and a reader waits for room in
 * it.
 */
export function pushLive(sink: EventSink, event: DecodedEvent): Promise<void> {
  return sink.push([event]).catch(() => undefined); // Rejects only if told to stop; its signal says so too.
}
