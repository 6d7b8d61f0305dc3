/** Sends one request to an endpoint, and says in words what came of it. */
import { Inject, Injectable, OnApplicationShutdown } from '@nestjs/common';
import { type Agent, errors, request } from 'undici';
import { moment } from '../common/moment.js';
import { VERSION } from '../common/version.js';
import { ENV, type Env } from '../config/env.js';
import { CONTENT_TYPE, type Format } from './delivery-body.js';
import { AddressGuard, Forbidden, guardedAgent } from '../common/guarded-agent.js';
import { retryAfterIn } from './retry-schedule.js';
import { sign } from './signature.js';

/** How long an endpoint may take to answer, headers and body. */
const ANSWER_MS = 15_000;
/** Bytes of an answer's body: what is shown, and what is read before the connection is dropped. */
const SHOWN_BYTES = 2048;
const MAX_READ_BYTES = 64 * 1024;

export interface Outgoing {
  readonly url: string;
  readonly secrets: readonly string[];
  readonly format: Format;
  readonly messageId: string;
  readonly body: string;
}

export interface Outcome {
  readonly at: Date;
  readonly ms: number;
  readonly isDelivered: boolean;
  /** Null: there was no answer. */
  readonly status: number | null;
  /** Why the event was not taken, in words; null: it was taken. */
  readonly reason: string | null;
  /** The first 2 KiB of the answer. */
  readonly response: string;
  readonly retryAfterMs: number | undefined;
}

@Injectable()
export class WebhookClient implements OnApplicationShutdown {
  readonly guard: AddressGuard;
  private readonly agent: Agent;

  constructor(@Inject(ENV) env: Env) {
    this.guard = new AddressGuard(env.webhooksAllow);
    this.agent = guardedAgent(this.guard);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  /** Never rejects, except when the signal aborts: then it is not known what came of the request. */
  async send({ url, secrets, format, messageId, body }: Outgoing, until: AbortSignal): Promise<Outcome> {
    const at = moment();
    const begunAt = performance.now();
    const late = AbortSignal.timeout(ANSWER_MS);
    const took = () => Math.round(performance.now() - begunAt);
    try {
      const answer = await request(url, {
        method: 'POST',
        dispatcher: this.agent,
        signal: AbortSignal.any([until, late]),
        headersTimeout: ANSWER_MS,
        bodyTimeout: ANSWER_MS,
        headers: {
          'content-type': CONTENT_TYPE[format],
          'user-agent': `Switchboard/${VERSION}`,
          ...sign(secrets, messageId, at, body),
        },
        body,
      });
      const { statusCode: status } = answer;
      const response = await firstOf(answer.body);
      const isDelivered = status >= 200 && status < 300;
      const retryAfterMs = retryAfterIn(headerOf(answer.headers['retry-after']), at);
      const reason = isDelivered ? null : reasonOfStatus(status);
      return { at, ms: took(), isDelivered, status, reason, response, retryAfterMs };
    } catch (error) {
      until.throwIfAborted();
      const reason = late.aborted ? `it did not answer within ${ANSWER_MS / 1000} s` : reasonOf(error);
      return { at, ms: took(), isDelivered: false, status: null, reason, response: '', retryAfterMs: undefined };
    }
  }
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** A short rest of the body is read too, so that the connection can be used again. */
async function firstOf(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    if (size < SHOWN_BYTES) pieces.push(piece);
    size += piece.length;
    if (size > MAX_READ_BYTES) break; // Leaving the loop destroys it.
  }
  // PostgreSQL's text cannot hold NUL.
  return Buffer.concat(pieces).subarray(0, SHOWN_BYTES).toString('utf8').replaceAll('\0', '\uFFFD');
}

function reasonOfStatus(status: number): string {
  if (status >= 300 && status < 400) return `it answered ${status}, a redirect, which is not followed`;
  if (status === 410) return 'it answered 410: it is gone for good';
  return `it answered ${status}`;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there: the connection was refused',
  ECONNRESET: 'it closed the connection before it answered',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it could not be connected to in time',
  UND_ERR_CONNECT_TIMEOUT: 'it could not be connected to in time',
  UND_ERR_SOCKET: 'it closed the connection before it answered',
  UND_ERR_HEADERS_OVERFLOW: 'its answer has too large headers',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody known',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by nobody known',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by nobody known',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** Says nothing about our internals: it goes by the error's code, never by its text. */
function reasonOf(error: unknown): string {
  for (let one: unknown = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth += 1) {
    if (one instanceof Forbidden) return `it may not be reached: ${one.reason}`;
    const { code } = one as { code?: unknown };
    if (typeof code === 'string' && REASONS[code] !== undefined) return REASONS[code];
    if (one instanceof errors.HTTPParserError) return 'it does not speak HTTP';
    if (one instanceof AggregateError) return reasonOf(one.errors[0]);
  }
  return 'it could not be reached';
}
