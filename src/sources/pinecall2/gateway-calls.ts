/**
 * What people ask of a gateway about one call. Its connections and its budget are its own: the reading of calls does
 * not wait for people, and runs on one process, while people are served by all.
 */
import { UpstreamBusy, type UpstreamAnswer, type UpstreamCalls } from '../upstream-calls.js';
import { readEntry, readPage } from './entry.js';
import { inTime, readText, segment } from './gateway-api.js';
import { GatewayHttp } from './gateway-http.js';
import { retryAfterOf } from './gateway-refusal.js';
import { gatewayRequests } from './pinecall2-metrics.js';
import { RequestBudget } from './request-budget.js';

/** Requests that people may cause, in a minute. The gateway allows an org 6,000; reading takes 4,500 at most. */
const PER_MINUTE = 1200;
/** How long a gateway may take to the head of an answer. A person waits for it. */
const ANSWER_MS = 10_000;
const MAX_PAGE_BYTES = 1024 * 1024;

export interface GatewayCallsOptions {
  readonly origin: string;
  readonly apiKey: string;
  /** A key with the scope `supervise`. A server's key has none. */
  readonly supervisorKey: string | undefined;
  readonly world: string;
  readonly ca: string | undefined;
}

export class GatewayCalls implements UpstreamCalls {
  private readonly http: GatewayHttp;
  private readonly budget = new RequestBudget(PER_MINUTE);

  constructor(private readonly options: GatewayCallsOptions) {
    this.http = new GatewayHttp(options.origin, options.ca);
  }

  get origin(): string {
    return this.options.origin;
  }

  async agentOf(call: string, signal: AbortSignal): Promise<string | undefined> {
    const path = `${pathOf(call)}/events?after=0&limit=1`;
    const { status, body } = await this.ask('GET', path, { accept: 'application/json' }, signal);
    if (status !== 200) {
      body.destroy();
      if (status === 404 || status === 204) return undefined;
      throw new Error(`asking for a call was refused with status ${status}`);
    }
    const page = readPage(JSON.parse(await readText(body, MAX_PAGE_BYTES)));
    const entry = readEntry(page?.entries[0]);
    return entry?.call === call ? entry.agent : undefined;
  }

  recording(call: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<UpstreamAnswer> {
    return this.ask('GET', `${pathOf(call)}/recording`, { ...headers, accept: 'audio/*, */*;q=0.1' }, signal);
  }

  steer(call: string, verb: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<UpstreamAnswer> {
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    return this.ask('POST', `${pathOf(call)}/verbs`, headers, signal, JSON.stringify(verb));
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private async ask(
    method: 'GET' | 'POST',
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    body?: string,
  ): Promise<UpstreamAnswer> {
    const { apiKey, supervisorKey, world } = this.options;
    if (this.budget.pausedMs > 0) throw new UpstreamBusy(this.budget.pausedMs);
    await this.budget.take(signal);
    signal.throwIfAborted();
    const key = method === 'POST' ? (supervisorKey ?? apiKey) : apiKey;
    const all = { ...headers, authorization: `Bearer ${key}`, 'pinecall-env': world };
    const answer = await inTime(ANSWER_MS, signal, (limit) => this.http.request(method, path, all, limit, body));
    gatewayRequests.inc({ status: String(answer.status) });
    if (answer.status !== 429) return answer;
    answer.body.destroy();
    this.budget.refused(retryAfterOf(answer.header('retry-after')));
    throw new UpstreamBusy(this.budget.pausedMs);
  }
}

function pathOf(call: string): string {
  return `/v1/calls/${segment(call)}`;
}
