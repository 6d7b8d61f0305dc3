/**
 * The way from a stream to one client's socket. `@Sse()` is the way in: the framework validates, refuses, sends the
 * headers and watches the client until there is a first frame. Then it hands the connection over. Its own writer would
 * format every message for every reader, would give frames without an id a number of its own counter (which rewinds a
 * browser's cursor), and would keep a transform, a timer and an abort controller for as long as the stream is open.
 * From then on whole chunks, made once for all readers, go to the socket as they are. Memory is bounded: bytes that the
 * client has not read are counted. A client that stops reading is cut, and still has its cursor.
 */
import { createParamDecorator, ExecutionContext, Logger, type MessageEvent } from '@nestjs/common';
import { SSE_ABORT_CONTROLLER } from '@nestjs/common/decorators/http/sse-signal.decorator.js';
import type { Request, Response } from 'express';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { Observable, type Observer, type Subscriber, type Subscription } from 'rxjs';
import { closingFrame, toProblem } from '../../common/problem.filter.js';
import { becomesStream, progressOf } from '../../http/sockets.js';
import { inTime, whenLate } from '../../http/stream-deadline.js';
import { Chunk } from '../live/frame.js';
import { opened } from './stream-admission.js';
import { clientOf, type StreamClient } from './stream-client.js';
import { linkOf } from './tcp-table.js';

/**
 * Bytes that may wait for one client. A page's piece adds 128 KiB at most (security rule 16: 512 KiB, without kernel
 * buffers).
 */
const MAX_PENDING_BYTES = 256 * 1024;
/** With fewer bytes than this waiting, a backlog goes on; with more, it waits for the socket. */
const BACKLOG_PENDING_BYTES = 64 * 1024;
/** How long a client may leave bytes unread. */
const MAX_STALLED_MS = 20_000;

const logger = new Logger('Streams');

/** The {@link Outlet} of the request, in an `@Sse()` handler. */
export const StreamOutlet = createParamDecorator(
  (_: unknown, context: ExecutionContext): Outlet => new Outlet(context.switchToHttp().getResponse<Response>()),
);

export class Outlet implements Observer<Chunk> {
  /** What the framework listens to and writes with, until the connection is ours. */
  private framework: Subscriber<MessageEvent> | undefined;
  private writer: Readable | undefined;
  private chunks: Subscription | undefined;
  /** The connection, which outlives the finished response, and the bytes that it had taken before this stream. */
  private socket: Socket | null = null;
  private takenBefore = 0;
  /** True when the stream ended because of a fault of ours. */
  hasFailed = false;
  /** What {@link progressOf} returned last, and when that last changed. */
  private taken = 0;
  private takenAt = performance.now();
  readonly client: StreamClient;

  constructor(readonly response: Response) {
    this.client = clientOf(response.req);
  }

  /** Sends finished chunks. The return value is for the framework, which has only the headers to write. */
  send(chunks: Observable<Chunk>): Observable<MessageEvent> {
    this.response.once('pipe', (writer: Readable) => (this.writer = writer));
    return new Observable((framework) => {
      // The client was told to come back meanwhile, or is gone.
      if (this.isGone || this.response.writableEnded) return framework.complete();
      whenLate(this.response, (problem) => this.error(problem));
      // The headers wait for the greeting, and go out with it and what follows in the same turn.
      const { socket } = this.response;
      socket?.cork();
      this.framework = framework;
      this.chunks = chunks.subscribe(this);
      return () => {
        process.nextTick(() => socket?.uncork());
        if (this.framework) this.chunks?.unsubscribe();
      };
    });
  }

  next(chunk: Chunk): void {
    if (this.framework) this.takeOver(this.framework, this.writer);
    this.write(chunk);
  }

  error(error: unknown): void {
    this.hasFailed = true;
    // Once the headers are made, the framework could only send an error with an id of its own, which rewinds a
    // browser's cursor.
    if (this.framework && !this.response.headersSent) return this.framework.error(error);
    if (this.framework) this.takeOver(this.framework, this.writer);
    this.end(lastWords(error));
  }

  complete(): void {
    if (this.framework) this.framework.complete();
    else this.end();
  }

  /** The framework sends the headers and is then done. The response stays open; we write to it, watch it and end it. */
  private takeOver(framework: Subscriber<MessageEvent>, writer: Readable | undefined): void {
    if (writer === undefined) throw new Error('the framework writes its streams in a way that we do not know');
    // From here on nothing of the framework is held: what it keeps for a request is larger than what a stream needs.
    this.framework = undefined;
    this.writer = undefined;
    // Headers go out with the first message. A comment makes them go out without an id or data. The comment itself is
    // not written: see unpipe.
    framework.next({ comment: '' });
    writer.unpipe(this.response);
    framework.complete();
    releaseState(this.response.req);
    this.socket = this.response.socket;
    this.takenBefore = takenBy(this.socket);
    opened(this.response);
    inTime(this.response);
    becomesStream(this.socket);
    this.response.once('close', () => this.chunks?.unsubscribe());
    // Nobody reads a body. If the response were left open, it would hold back the connection's next request.
    if (this.response.req.method === 'HEAD') this.response.end();
  }

  /** A chunk is a complete chunk of the body, so it may bypass the response and go to its socket. */
  private write(chunk: Chunk): void {
    const { response } = this;
    // A HEAD response has ended. A later write would be an error that nobody handles, and would end the process.
    if (response.writableEnded) return;
    if (response.chunkedEncoding && response.socket !== null) response.socket.write(chunk.bytes);
    else response.write(chunk.frames);
  }

  private end(last?: Chunk): void {
    if (last) this.write(last);
    this.response.end();
  }

  /** True when the client has fallen so far behind that it must be served from the log. */
  get isFull(): boolean {
    return this.queuedBytes > MAX_PENDING_BYTES;
  }

  /** Bytes that wait for the client. */
  get queuedBytes(): number {
    return this.response.writableLength;
  }

  /** Bytes of the stream that the kernel has taken. */
  get takenBytes(): number {
    return takenBy(this.socket) - this.takenBefore;
  }

  /** True when the connection is gone. The holder of the connection must have been told. */
  get isGone(): boolean {
    return this.response.destroyed || (this.socket?.destroyed ?? false);
  }

  /** The connection, as the kernel's table names it. */
  get link(): string {
    return this.response.socket === null ? '' : linkOf(this.response.socket);
  }

  /** True when bytes wait and none has been taken for too long. Ask regularly, with `performance.now()`. */
  isStalled(now: number): boolean {
    if (this.framework) return false; // It waits for us, not we for it.
    const taken = this.socket === null ? 0 : progressOf(this.socket);
    if (this.response.writableLength === 0 || taken !== this.taken) {
      this.taken = taken;
      this.takenAt = now;
    }
    return now - this.takenAt > MAX_STALLED_MS;
  }

  /** Resolves when a backlog may go on: at once, when the socket has drained, or when the client is gone. */
  async room(): Promise<void> {
    const { response } = this;
    const { socket } = response;
    if (response.writableLength <= BACKLOG_PENDING_BYTES || response.closed || socket === null) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off('drain', done);
        response.off('close', done);
        resolve();
      };
      socket.on('drain', done);
      response.on('close', done);
    });
  }

  /** Resolves when the client has been sent everything, or is gone. */
  async finished(): Promise<void> {
    if (this.response.closed) return;
    await new Promise<void>((resolve) => this.response.once('close', resolve));
  }

  /** Nothing more is sent, as when the client leaves. */
  leave(): void {
    this.chunks?.unsubscribe();
  }

  /** Ends the connection without waiting for a client that does not read. */
  cut(): void {
    this.response.destroy();
  }
}

const takenBy = (socket: Socket | null) => (socket === null ? 0 : socket.bytesWritten - socket.writableLength);

/** The last frame of a stream that could not go on: why, and when to come back. */
function lastWords(error: unknown): Chunk {
  const problem = toProblem(error);
  if (problem.slug === 'internal') logger.error('a stream failed', error instanceof Error ? error.stack : undefined);
  return new Chunk(closingFrame(problem));
}

/**
 * What middleware, guards and the framework attach to a request. Through a captured stack it keeps the framework's
 * whole machinery in memory. A stream's request lives as long as the stream and needs none of it.
 */
interface RequestState {
  next: unknown;
  user: unknown;
  _parsedUrl: unknown;
  [SSE_ABORT_CONTROLLER]: unknown;
}

/**
 * Call it when the request has been handled. Fields are set to undefined, not deleted: deleting makes the object
 * larger.
 */
function releaseState(request: Request): void {
  const state = request as unknown as RequestState;
  state.next = undefined;
  state.user = undefined;
  state._parsedUrl = undefined;
  state[SSE_ABORT_CONTROLLER] = undefined;
  request.rawHeaders = [];
  request.headers = {};
}
