/**
 * The HTTP side of the voice server. Secrets are sent in headers and in the attach URL, which must never be written.
 */
import { z } from 'zod';
import { parseJson } from '../../common/json.js';
import { connectionFault } from '../connection-fault.js';
import { itemsOf } from './log-entry.js';
import { childOf } from '../../common/waiting.js';

/** A page holds 500 entries of a few KB; this leaves room for large ones and bounds the memory of a request. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** The protocol's default, if the answer does not say. */
const DEFAULT_EXPIRES_IN_SECONDS = 60;

/** Printable ASCII: safe in a header, so that no HTTP client quotes it in an error. */
const mintSchema = z.object({
  token: z.string().regex(/^[\x21-\x7e]{1,8192}$/),
  expires_in: z.number().positive().max(86_400).default(DEFAULT_EXPIRES_IN_SECONDS),
});

/** One of the two kinds of log. */
export type LogAddress = { readonly agent: string } | { readonly call: string };

/** The server answered with a refusal. */
export class Refused extends Error {
  constructor(
    what: string,
    readonly status: number,
  ) {
    super(`${what} was refused with status ${status}`);
  }

  /** By a token that is expired, revoked or not for this log. */
  get isForToken(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

export class VoiceApi {
  private readonly httpBase: string;

  /** `socketBase`: an origin such as `wss://voice.pinecall.io`; HTTP uses the same host. */
  constructor(
    private readonly socketBase: string,
    private readonly timeoutMs: number,
  ) {
    this.httpBase = socketBase.replace(/^ws/, 'http');
  }

  /** Holds the token: this URL must never be written. */
  attachUrl(log: LogAddress, token: string, after: number): URL {
    const url = new URL('/v1/attach', this.socketBase);
    url.search = new URLSearchParams({ token, ...log, after: String(after) }).toString();
    return url;
  }

  /**
   * A token that may read the logs of these agents. The server's `server` field is ignored: the operator named the
   * host. An empty set is refused here, because upstream it has meant all agents.
   */
  async mint(
    agents: readonly string[],
    apiKey: string,
    signal: AbortSignal,
  ): Promise<{ token: string; ttlMs: number }> {
    if (agents.length === 0) throw new Error('a token for no agent');
    const names = agents.map(encodeURIComponent).join(',');
    const body = await this.get(
      `/stream/token?agent_id=${names}&scope=observe`,
      apiKey,
      signal,
      'minting a stream token',
    );
    const minted = mintSchema.safeParse(body).data;
    if (!minted) throw new Error('the voice server minted something that is no token');
    return { token: minted.token, ttlMs: minted.expires_in * 1000 };
  }

  /** Whether anything answers there; sends no secret. Rejects if nothing does, or if the server is not well. */
  probe(signal: AbortSignal): Promise<void> {
    return this.inTime(signal, async (limit) => {
      const { status, body } = await this.request('/', undefined, limit);
      await body?.cancel();
      if (status >= 500) throw new Refused('a look at the voice server', status);
    });
  }

  /** The entries of a call's log after a cursor, not checked yet. */
  callPage(call: string, after: number, token: string, signal: AbortSignal): Promise<readonly unknown[]> {
    return this.page(
      `/v1/calls/${segment(call)}/events?after=${after}`,
      token,
      signal,
      "reading a page of a call's log",
    );
  }

  /** An agent's calls: rows, or (newer servers) the lifecycle entries after a cursor. Not checked yet. */
  agentCalls(agent: string, after: number, token: string, signal: AbortSignal): Promise<readonly unknown[]> {
    return this.page(`/v1/agents/${segment(agent)}/calls?after=${after}`, token, signal, "listing an agent's calls");
  }

  private async page(path: string, token: string, signal: AbortSignal, what: string): Promise<readonly unknown[]> {
    const items = itemsOf(await this.get(path, token, signal, what));
    if (!items) throw new Error(`${what} was not answered with a list`);
    return items;
  }

  private get(path: string, bearer: string, signal: AbortSignal, what: string): Promise<unknown> {
    return this.inTime(signal, async (limit) => {
      const response = await this.request(path, bearer, limit);
      if (response.status === 204) return []; // "Sealed, and you have it all."
      if (response.ok) return parseBody(await readText(response), what);
      await response.body?.cancel();
      throw new Refused(what, response.status);
    });
  }

  private async inTime<T>(signal: AbortSignal, ask: (limit: AbortSignal) => Promise<T>): Promise<T> {
    const { controller, release } = childOf(signal);
    const timer = setTimeout(() => controller.abort(new Error(`no answer in ${this.timeoutMs} ms`)), this.timeoutMs);
    try {
      return await ask(controller.signal);
    } finally {
      clearTimeout(timer);
      release();
    }
  }

  private async request(path: string, bearer: string | undefined, signal: AbortSignal): Promise<Response> {
    const headers = new Headers({ Accept: 'application/json' });
    if (bearer !== undefined) headers.set('Authorization', `Bearer ${bearer}`);
    try {
      // A redirect would carry the secret to a host that nobody configured.
      return await fetch(new URL(path, this.httpBase), { headers, signal, redirect: 'manual' });
    } catch (error) {
      throw connectionFault(error);
    }
  }
}

/** A name or id as one segment of a path. `..` is refused: it would be another path, requested with our token. */
function segment(text: string): string {
  if (text === '.' || text === '..') throw new Error(`"${text}" cannot stand in a path`);
  return encodeURIComponent(text);
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw new Error(`an answer is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(text: string, what: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new Error(`${what} was not answered with JSON`); // The parser's own message quotes the text.
  }
}
