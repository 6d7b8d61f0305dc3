/**
 * Sends a tenant's events to an address that this machine reaches, as a webhook would: the same bodies, signatures and
 * retries, in order within a call. What was not taken is held in memory; a caller that begins again after `doneUpTo`
 * misses nothing.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { VERSION } from '../common/version.js';
import { Bodies, CONTENT_TYPE, type Format, type Sent, messageId } from '../webhooks/delivery-body.js';
import { retryAfter, retryAfterIn } from '../webhooks/retry-schedule.js';
import { sign } from '../webhooks/signature.js';
import { causeOf } from './api.js';

/** As for a webhook: requests at a time, events that may wait, and how long an answer may take. */
const [CONNECTIONS, MAX_WAITING, ANSWER_MS] = [8, 1000, 15_000];
const GONE = 410;

export interface ForwardOptions {
  readonly url: string;
  readonly secret: string;
  readonly tenant: string;
  readonly format: Format;
  /** When it aborts, nothing more is sent. */
  readonly until: AbortSignal;
  readonly tell: (attempt: ForwardedAttempt) => void;
}

export interface ForwardedAttempt {
  readonly event: string;
  readonly type: string;
  readonly callId: string | null;
  /** Null: there was no answer. */
  readonly status: number | null;
  readonly ms: number;
  readonly delivered: boolean;
  /** Why there was no answer. */
  readonly reason: string | null;
  /** After how long it is sent again; null: it is not. */
  readonly againMs: number | null;
}

interface Answer {
  readonly status: number | null;
  readonly ms: number;
  readonly reason: string | null;
  readonly retryAfterMs: number | undefined;
}

export class Forwarding {
  private readonly bodies = new Bodies();
  /** The last delivery of each call that has one to come. */
  private readonly chains = new Map<string | number, Promise<void>>();
  private readonly waiting = new Set<number>();
  private queue: (() => void)[] = [];
  private busy = 0;
  private last: number | null = null;

  constructor(private readonly options: ForwardOptions) {}

  /** Events that were not taken yet. */
  get open(): number {
    return this.waiting.size;
  }

  /** Up to this number everything was taken; null: nothing was read. */
  get doneUpTo(): number | null {
    const [first] = this.waiting;
    return first === undefined ? this.last : first - 1;
  }

  /** Resolves when another event may be taken in. */
  async room(): Promise<void> {
    while (this.waiting.size >= MAX_WAITING) await wait(100, undefined, { signal: this.options.until });
  }

  /**
   * In log order. `read` gives what is sent for the event at each attempt; undefined: there is nothing to send any
   * more. Rejects only if a webhook would be disabled now, or when the signal aborts.
   */
  send(event: Sent, read: () => Promise<Sent | undefined> = () => Promise.resolve(event)): Promise<void> {
    const { seq, callId } = event;
    const previous = this.last;
    this.last = seq;
    this.waiting.add(seq);
    const key = callId ?? seq;
    const chain = (this.chains.get(key) ?? Promise.resolve()).then(() => this.deliver(event, read, previous));
    this.chains.set(key, chain);
    const forget = () => {
      if (this.chains.get(key) === chain) this.chains.delete(key);
    };
    chain.then(forget, forget);
    return chain;
  }

  private async deliver(
    { seq, callId, type }: Sent,
    read: () => Promise<Sent | undefined>,
    previous: number | null,
  ): Promise<void> {
    const { until, tell } = this.options;
    for (let tries = 1; ; tries += 1) {
      const answer = await this.connected(() => this.attempt(seq, read, previous));
      if (answer === undefined) return void this.waiting.delete(seq);
      const { status, ms, reason } = answer;
      const delivered = status !== null && status >= 200 && status < 300;
      const again = delivered || status === GONE ? undefined : retryAfter(tries, answer.retryAfterMs);
      tell({ event: String(seq), type, callId, status, ms, delivered, reason, againMs: again ?? null });
      if (delivered) return void this.waiting.delete(seq);
      if (again === undefined) throw new Error(`event ${seq} was not taken; a webhook would be disabled now`);
      await wait(again, undefined, { signal: until });
    }
  }

  /** Undefined: there is nothing to send any more. */
  private async attempt(
    seq: number,
    read: () => Promise<Sent | undefined>,
    previous: number | null,
  ): Promise<Answer | undefined> {
    const { format, tenant, until } = this.options;
    try {
      const sent = await read();
      return sent && (await this.post(seq, this.bodies.of(sent, format, tenant, previous)));
    } catch (error) {
      until.throwIfAborted();
      return { status: null, ms: 0, reason: `it could not be read: ${causeOf(error)}`, retryAfterMs: undefined };
    }
  }

  private async post(seq: number, body: string): Promise<Answer> {
    const { url, secret, tenant, format, until } = this.options;
    const [at, begunAt, late] = [new Date(), performance.now(), AbortSignal.timeout(ANSWER_MS)];
    const took = () => Math.round(performance.now() - begunAt);
    try {
      const {
        statusCode,
        headers,
        body: said,
      } = await request(url, {
        method: 'POST',
        signal: AbortSignal.any([until, late]),
        headers: {
          'content-type': CONTENT_TYPE[format],
          'user-agent': `Switchboard/${VERSION}`,
          ...sign([secret], messageId(`listen_${tenant}`, seq), at, body),
        },
        body,
      });
      await said.dump();
      const header = headers['retry-after'];
      const retryAfterMs = retryAfterIn(Array.isArray(header) ? header[0] : header, at);
      return { status: statusCode, ms: took(), reason: null, retryAfterMs };
    } catch (error) {
      until.throwIfAborted();
      const reason = late.aborted ? `no answer within ${ANSWER_MS / 1000} s` : causeOf(error);
      return { status: null, ms: took(), reason, retryAfterMs: undefined };
    }
  }

  /** Runs `work` when a connection is free. */
  private async connected<Value>(work: () => Promise<Value>): Promise<Value> {
    this.options.until.throwIfAborted();
    while (this.busy >= CONNECTIONS) await new Promise<void>((resolve) => this.queue.push(resolve));
    this.busy += 1;
    try {
      return await work();
    } finally {
      this.busy -= 1;
      this.queue.shift()?.();
    }
  }
}
