/** Answers every failed request, as problem+json or, if an EventSource must come back, as a short stream. */
import { ArgumentsHost, Catch, ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { blameOf } from '../database/database-errors.js';
import { describeTrouble } from '../database/database-trouble.js';
import { jitter } from './backoff.js';
import { Problem, ProblemSlug } from './problem.js';
import { requestId } from './request-id.js';
import { SparseLog } from './sparse-log.js';

/** How long a refused client should wait before it tries again, before jitter. */
const RETRY_MS = 3000;

@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');
  private readonly sparse = new SparseLog('Http');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const problem = toProblem(thrown);
    if (blameOf(thrown) === 'database')
      this.sparse.warn('database', `the database is away: ${describeTrouble(thrown)}`);
    else if (problem.slug === 'internal')
      this.logger.error(`${request.method} ${routeOf(request)} [${requestId(response)}]`, stackOf(thrown));
    if (!response.headersSent && !response.destroyed) refuse(response, problem);
  }
}

/**
 * Answers with the problem. An EventSource gets a stream that asks it to come back, unless that would be in vain. A
 * fault on our side may be gone the next time, too.
 */
export function refuse(response: Response, problem: Problem): void {
  const { req: request } = response;
  const mayPass = problem.passes || problem.slug === 'internal';
  const isEventSource =
    request.method === 'GET' && request.accepts(['json', 'text/event-stream']) === 'text/event-stream';
  if (mayPass && isEventSource && !isTriedElsewhere(problem, request)) sendClosingStream(response, problem);
  else sendProblem(response, problem);
}

/**
 * A proxy that sends `X-Retry-On: 503` takes the request to another process and does not show the 503 to its client.
 */
function isTriedElsewhere({ status }: Problem, request: Request): boolean {
  return status === 503 && request.headers['x-retry-on'] === '503';
}

function sendProblem(response: Response, problem: Problem): void {
  if (problem.status === 401) {
    const error = problem.slug === 'token-missing' ? 'Bearer' : 'Bearer error="invalid_token"';
    response.setHeader(
      'WWW-Authenticate',
      `${error}${problem.slug === 'token-missing' ? ' error="token_missing"' : ''}`,
    );
  }
  if (problem.status === 403) response.setHeader('WWW-Authenticate', 'Bearer error="insufficient_scope"');
  if (problem.passes) response.setHeader('Retry-After', Math.ceil((problem.retryAfterMs ?? RETRY_MS) / 1000));
  const body = JSON.stringify({ ...problem.toJSON(), instance: requestId(response) });
  response
    .status(problem.status)
    .setHeader('Content-Type', 'application/problem+json')
    .setHeader('Cache-Control', 'no-store');
  response.end(body);
}

/** A native EventSource gives up on any status but 200, so a temporary refusal is a stream that asks it to return. */
function sendClosingStream(response: Response, problem: Problem): void {
  response.status(200);
  response.setHeader('Content-Type', 'text/event-stream');
  response.setHeader('Cache-Control', 'no-cache, no-transform');
  response.setHeader('X-Accel-Buffering', 'no');
  response.end(closingFrame(problem));
}

/** The last frames of a stream: why it ends, and when to come back. */
export function closingFrame(problem: Problem): string {
  const retry = jitter(problem.retryAfterMs ?? RETRY_MS);
  const data = JSON.stringify({
    type: `/problems/${problem.slug}`,
    title: problem.title,
    detail: problem.detail,
    retry,
  });
  return `retry: ${retry}\nevent: stream.closing\ndata: ${data}\n\n`;
}

/** What a client may know about anything that was thrown. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof HttpException) return fromStatus(thrown.getStatus());
  const blame = blameOf(thrown);
  if (blame === 'database') return new Problem('unavailable', 'The database is away; try again in a moment.');
  if (blame === 'input') return new Problem('validation', 'A value in the request cannot be looked up or stored.');
  const status = statusOf(thrown);
  return status !== undefined && status < 500
    ? fromStatus(status)
    : new Problem('internal', 'Something failed on our side; our log has it under the request id.');
}

function fromStatus(status: number): Problem {
  const slugs: Record<number, [ProblemSlug, string]> = {
    400: ['validation', 'The request could not be read.'],
    404: ['not-found', 'No such path.'],
    413: ['payload-too-large', 'The body is larger than this path takes.'],
    415: ['unsupported-media-type', 'The body has an encoding or type that is not supported.'],
  };
  const [slug, detail] =
    slugs[status] ?? (status < 500 ? ['validation', 'The request could not be read.'] : ['internal', '']);
  return new Problem(slug, detail);
}

/** Errors of Express and its body parser carry `status`. */
function statusOf(thrown: unknown): number | undefined {
  return typeof thrown === 'object' && thrown !== null && 'status' in thrown && typeof thrown.status === 'number'
    ? thrown.status
    : undefined;
}

/**
 * The route and never the path: a path holds names and numbers, and perhaps a secret pasted by mistake (security rule
 * 8).
 */
function routeOf({ route }: Request): string {
  const path = (route as { readonly path?: unknown } | undefined)?.path;
  return typeof path === 'string' ? path : '(before any route)';
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : typeof thrown;
}
