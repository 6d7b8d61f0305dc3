/** The gateway's routes that we read. The key is sent in a header only, which must never be written. */
import type { Readable } from 'node:stream';
import { moment } from '../../common/moment.js';
import { parseJson } from '../../common/json.js';
import { connectionFault } from '../connection-fault.js';
import { childOf } from '../../common/waiting.js';
import { type LogPage, type SessionRow, readList, readPage } from './entry.js';
import { GatewayRefusal, retryAfterOf } from './gateway-refusal.js';
import type { GatewayHttp } from './gateway-http.js';
import { gatewayRequests } from './pinecall2-metrics.js';
import type { RequestBudget } from './request-budget.js';
import type { Answer } from './session-pool.js';

/** A page holds 500 entries of a few KB; this leaves room for large ones and bounds the memory of a request. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

export interface GatewayApiOptions {
  readonly http: GatewayHttp;
  readonly budget: RequestBudget;
  readonly apiKey: string;
  /** The world that is read; undefined: all of them (an operator's key). */
  readonly world: string | undefined;
  readonly timeoutMs: number;
}

export class GatewayApi {
  private readonly headers: Readonly<Record<string, string>>;

  constructor(private readonly options: GatewayApiOptions) {
    const { apiKey, world } = options;
    this.headers = { authorization: `Bearer ${apiKey}`, ...(world !== undefined && { 'pinecall-env': world }) };
  }

  get maxStreams(): number {
    return this.options.http.maxStreams;
  }

  /** Some entries of a call after a cursor; undefined: its log is sealed, and nothing is above it. */
  async logPage(call: string, after: number, signal: AbortSignal): Promise<LogPage | undefined> {
    const what = "reading a page of a call's log";
    const body = await this.json(`/v1/calls/${segment(call)}/events?after=${after}`, what, signal);
    if (body === undefined) return undefined;
    const page = readPage(body.value);
    if (!page) throw new Error(`${what} was not answered with a page`);
    return page;
  }

  /** Calls, newest first, from before one of them. `now`: the gateway's clock. */
  async sessions(
    before: string | null,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ readonly rows: readonly SessionRow[]; readonly next: string | null; readonly now: number }> {
    const from = before === null ? '' : `&before=${encodeURIComponent(before)}`;
    const body = await this.json(`/v1/sessions?limit=${limit}${from}`, 'listing calls', signal, true);
    const list = body && readList(body.value);
    if (!body || !list) throw new Error('listing calls was not answered with a list');
    return { ...list, now: body.now };
  }

  /** A feed of meter rows after a cursor, as it is. */
  async usage(path: string, after: number, signal: AbortSignal): Promise<unknown> {
    return (await this.json(`${path}?limit=500&after=${after}`, 'reading the usage', signal))?.value;
  }

  /** A call's log as a stream, from a cursor; undefined: sealed, and nothing is above it. Its reader destroys it. */
  logStream(call: string, after: number, signal: AbortSignal): Promise<Readable | undefined> {
    return this.stream(`/v1/calls/${segment(call)}/events?after=${after}`, "following a call's log", signal, false);
  }

  /** What comes and goes: `/v1/events`, or the operator's. */
  async floor(path: string, signal: AbortSignal): Promise<Readable> {
    const body = await this.stream(path, 'following the floor', signal, true);
    if (!body) throw new Error('the floor has ended');
    return body;
  }

  private async stream(
    path: string,
    what: string,
    signal: AbortSignal,
    urgent: boolean,
  ): Promise<Readable | undefined> {
    const headers = { ...this.headers, accept: 'text/event-stream' };
    const answer = await this.ask(path, headers, what, signal, urgent);
    if (answer.status !== 204) return answer.body;
    answer.body.destroy();
    return undefined;
  }

  private async json(
    path: string,
    what: string,
    signal: AbortSignal,
    urgent = false,
  ): Promise<{ readonly value: unknown; readonly now: number } | undefined> {
    const { controller, release } = childOf(signal);
    try {
      const headers = { ...this.headers, accept: 'application/json' };
      const answer = await this.ask(path, headers, what, controller.signal, urgent);
      if (answer.status === 204) return void answer.body.destroy();
      const { timeoutMs } = this.options;
      const timer = setTimeout(() => answer.body.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
      const text = await readText(answer.body).finally(() => clearTimeout(timer));
      const date = Date.parse(answer.header('date') ?? '');
      return { value: parsed(text, what), now: Number.isNaN(date) ? moment().getTime() : date };
    } finally {
      release();
    }
  }

  /** The head of a good answer. Throws {@link GatewayRefusal}, or what befell the connection. */
  private async ask(
    path: string,
    headers: Readonly<Record<string, string>>,
    what: string,
    signal: AbortSignal,
    urgent: boolean,
  ): Promise<Answer> {
    const { http, budget, timeoutMs, world } = this.options;
    await budget.take(signal, urgent);
    signal.throwIfAborted();
    const answer = await inTime(timeoutMs, signal, (limit) => http.request('GET', path, headers, limit));
    const { status } = answer;
    gatewayRequests.inc({ status: String(status) });
    if (status === 200 || status === 204) return answer;
    answer.body.destroy();
    const retryAfterMs = retryAfterOf(answer.header('retry-after'));
    if (status === 429) budget.refused(retryAfterMs);
    throw new GatewayRefusal(what, status, world);
  }
}

/** Limits the time to the head; the body may take as long as it needs. */
export async function inTime(
  ms: number,
  signal: AbortSignal,
  ask: (limit: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const { controller, release } = childOf(signal);
  const timer = setTimeout(() => controller.abort(new Error(`no answer in ${ms} ms`)), ms);
  try {
    const answer = await ask(controller.signal);
    answer.body.once('close', release);
    return answer;
  } catch (error) {
    release();
    if (controller.signal.aborted && !signal.aborted) throw new Error(`no answer in ${ms} ms`, { cause: error });
    throw connectionFault(error);
  } finally {
    clearTimeout(timer);
  }
}

/** An id as one segment of a path. `..` is refused: it would be another path, requested with our key. */
export function segment(text: string): string {
  if (text === '.' || text === '..') throw new Error(`"${text}" cannot stand in a path`);
  return encodeURIComponent(text);
}

/** The whole body; rejects if it is longer than that. */
export async function readText(body: Readable, maxBytes = MAX_BODY_BYTES): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > maxBytes) throw new Error(`an answer is longer than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } finally {
    body.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string, what: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new Error(`${what} was not answered with JSON`); // The parser's own message quotes what it read.
  }
}
