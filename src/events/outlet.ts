/**
 * The way from a stream to one client's socket. The framework keeps the connection's life (headers, abort, errors before
 * the first frame); the frames, made once for all readers, go to the response as they are. Nest's own writer would format
 * every message for every reader, and number what has no id by a counter of its own, which rewinds a browser's cursor.
 * Bounded: what the client has not read is counted; a client that stops reading is cut, with its cursor intact at its side.
 */
import { ExecutionContext, Logger, type MessageEvent, createParamDecorator } from '@nestjs/common';
import type { Response } from 'express';
import type { OutgoingHttpHeaders } from 'node:http';
import { Observable } from 'rxjs';
import { closingFrame, toProblem } from '../common/problem.filter.js';

/** Bytes that may wait for one client; one frame more is 64 KiB (security rule 16: 512 KiB, kernel buffers aside). */
const MAX_PENDING_BYTES = 384 * 1024;
/** Below this a backlog goes on; above it waits for the socket. */
const BACKLOG_PENDING_BYTES = 64 * 1024;
/** How long a client may leave bytes unread. */
const MAX_STALLED_MS = 20_000;

const logger = new Logger('Streams');

/** The {@link Outlet} of the request, in an `@Sse()` handler. */
export const StreamOutlet = createParamDecorator(
  (_: unknown, context: ExecutionContext): Outlet => new Outlet(context.switchToHttp().getResponse<Response>()),
);

export class Outlet {
  /** Bytes that the kernel has taken, and when that last grew. */
  private taken = 0;
  private takenAt = Date.now();

  constructor(private readonly response: Response) {}

  /** Sends finished frames. What it returns is for the framework, which has nothing left to write but the headers. */
  send(frames: Observable<Buffer>): Observable<MessageEvent> {
    setContractHeaders(this.response);
    return new Observable((framework) =>
      frames.subscribe({
        next: (frame) => {
          // Headers go out with the framework's first write; a comment asks for it without an id or data.
          if (!this.response.headersSent) framework.next({ comment: 'switchboard' });
          this.response.write(frame);
        },
        error: (error: unknown) => {
          if (!this.response.headersSent) return framework.error(error);
          const problem = toProblem(error);
          if (problem.slug === 'internal')
            logger.error('a stream failed', error instanceof Error ? error.stack : undefined);
          this.response.write(closingFrame(problem));
          framework.complete();
        },
        complete: () => framework.complete(),
      }),
    );
  }

  /** True when the client has fallen so far behind that it must be served from the log. */
  get isFull(): boolean {
    return this.response.writableLength > MAX_PENDING_BYTES;
  }

  /** Bytes that wait for the client. */
  get queuedBytes(): number {
    return this.response.writableLength;
  }

  /** Where the client is, as far as the connection says. */
  get client(): { remoteAddress: string | null; forwardedFor: string | null; userAgent: string | null } {
    const { socket, headers } = this.response.req;
    const forwardedFor = [headers['x-forwarded-for'] ?? []].flat().join(', ').slice(0, 200) || null;
    const userAgent = headers['user-agent']?.slice(0, 200) ?? null;
    return { remoteAddress: socket.remoteAddress ?? null, forwardedFor, userAgent };
  }

  /** True when bytes wait and none has been taken for too long. To be asked now and then. */
  isStalled(now: number): boolean {
    const { socket } = this.response;
    const taken = socket ? socket.bytesWritten - socket.writableLength : 0;
    if (this.response.writableLength === 0 || taken !== this.taken) {
      this.taken = taken;
      this.takenAt = now;
    }
    return now - this.takenAt > MAX_STALLED_MS;
  }

  /** Resolves when a backlog may go on: at once, when the socket has drained, or when the client is gone. */
  async room(): Promise<void> {
    if (this.response.writableLength <= BACKLOG_PENDING_BYTES || this.response.closed) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.response.off('drain', done).off('close', done);
        resolve();
      };
      this.response.on('drain', done).on('close', done);
    });
  }

  /** Resolves when the client has been sent everything, or is gone. */
  async finished(): Promise<void> {
    if (this.response.closed) return;
    await new Promise<void>((resolve) => this.response.once('close', resolve));
  }

  /** Ends the connection without waiting for a client that doesn't read. */
  cut(): void {
    this.response.destroy();
  }
}

/**
 * Nest writes a longer Cache-Control of its own; the contract names this one. It also says `Connection: keep-alive` to clients
 * that asked for `close`, and their sockets would outlive their streams; without it Node answers what was asked.
 */
function contractHeaders(headers: OutgoingHttpHeaders = {}): OutgoingHttpHeaders {
  const { Pragma: _pragma, Expires: _expires, Connection: _connection, ...rest } = headers;
  const isStream = rest['Content-Type'] === 'text/event-stream';
  return isStream ? { ...rest, 'Cache-Control': 'no-cache, no-transform' } : headers;
}

const streamResponses = new WeakMap<object, object>();

/** By a prototype that all streams share, as Express does it: a method of each response's own costs a kilobyte a stream. */
function setContractHeaders(response: Response): void {
  const base = Object.getPrototypeOf(response) as Response;
  const writeHead = function (this: Response, status: number, headers?: OutgoingHttpHeaders): Response {
    return base.writeHead.call(this, status, contractHeaders(headers));
  };
  const prototype = streamResponses.get(base) ?? (Object.create(base, { writeHead: { value: writeHead } }) as object);
  streamResponses.set(base, prototype);
  Object.setPrototypeOf(response, prototype);
}
