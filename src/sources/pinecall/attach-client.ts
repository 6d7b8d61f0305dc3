/**
 * One reading of one log of the voice server over `WS /v1/attach` (if that is impossible: paged-client.ts). Entries
 * reach the reader one at a time, in the order in which they came. While the reader works the socket is paused, so a
 * slow sink holds back the server and does not fill our memory.
 */
import { RawData, WebSocket } from 'ws';
import { parseFields } from './agent-wire.js';
import { connectionFault } from '../connection-fault.js';
import type { LogEntry } from './decode.js';
import { isGreeting, isRefusal, readEntry } from './log-entry.js';
import { Refused } from './voice-api.js';
import { Heartbeat } from './heartbeat.js';

/** The longest frame; entries are a few KB. With the chunk already read, it bounds the memory of an attachment. */
const MAX_FRAME_BYTES = 1024 * 1024;
const HANDSHAKE_MS = 10_000;
/** How long the server may take to answer our close. */
const CLOSE_MS = 1000;

/** The reader of a log. Its promises settle when it is told to stop. */
export interface LogReader {
  /** The seq after which it goes on. */
  readonly position: number;
  /** The server lets us read: something of the log came. Called again for each page and each frame. */
  connected(): void;
  /** Takes an entry or a control marker; resolves when the next may come. False: the log is over. */
  read(entry: LogEntry): Promise<boolean>;
  /** Takes a value that is not an entry. */
  passOver(value: unknown): Promise<void> | void;
  /** A page reader gets no `log.caught_up`: the backlog is done when a page brings nothing new. */
  caughtUp(): Promise<void> | void;
}

/**
 * The server does not speak WebSocket here, or a frame is longer than we accept: the log is read in pages for a while.
 */
export class NotBySocket extends Error {}

export interface AttachOptions {
  /** Holds the token: never written. */
  readonly url: URL;
  readonly pingMs: number;
}

/**
 * Reads until the server closes the socket, the log is over, or the signal aborts; then resolves. Rejects with {@link
 * Refused}, {@link NotBySocket}, the reader's error, or the connection's.
 */
export async function attach(options: AttachOptions, reader: LogReader, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const socket = new WebSocket(options.url, {
    maxPayload: MAX_FRAME_BYTES,
    handshakeTimeout: HANDSHAKE_MS,
    perMessageDeflate: false, // Frames are small, and a compressed one may be huge.
  });
  const heartbeat = new Heartbeat(socket, options.pingMs, () => socket.terminate());
  const inbox = new Inbox(socket, reader);
  const stop = () => socket.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await endOf(socket, inbox);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    heartbeat.stop();
    socket.terminate();
    await inbox.close();
  }
  if (!signal.aborted && inbox.fault !== undefined) throw inbox.fault;
}

/** The listeners stay: an `error` without a listener ends the process. */
function endOf(socket: WebSocket, inbox: Inbox): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on('message', (message) => inbox.receive(textOf(message)));
    socket.once('unexpected-response', (_request, { statusCode = 0 }) => {
      const refused = new Refused('attaching to a log', statusCode);
      reject(refused.isForToken ? refused : new NotBySocket(`the upgrade was answered with status ${statusCode}`));
    });
    socket.on('error', (error) =>
      reject(isTooLong(error) ? new NotBySocket('a frame is too long') : connectionFault(error)),
    );
    socket.once('close', (code, reason) => {
      // 4000–4999 are the server's own codes; all but this one are refusals.
      if (code >= 4000 && reason.toString() !== 'slow_consumer') reject(new Refused('attaching to a log', 403));
      else resolve();
    });
  });
}

function isTooLong(error: Error): boolean {
  return 'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
}

function textOf(message: RawData): string {
  return (Array.isArray(message) ? Buffer.concat(message) : Buffer.from(message as Buffer)).toString();
}

/** Frames in, entries out, one at a time. At most one chunk (64 KiB, or one frame) waits here. */
class Inbox {
  fault: Error | undefined;
  private readonly frames: string[] = [];
  private work: Promise<void> = Promise.resolve();
  private working = false;
  private over = false;

  constructor(
    private readonly socket: WebSocket,
    private readonly reader: LogReader,
  ) {}

  receive(frame: string): void {
    if (this.over) return;
    this.frames.push(frame);
    if (!this.working) this.work = this.drain();
  }

  /** Everything that came is read before the next attachment, and nothing after it: a log has one reader at a time. */
  async close(): Promise<void> {
    await this.work;
    this.over = true;
  }

  private async drain(): Promise<void> {
    this.working = true;
    this.socket.pause();
    try {
      for (let frame = this.frames.shift(); frame !== undefined && !this.over; frame = this.frames.shift()) {
        if (!(await this.take(frame))) this.hangUp();
      }
    } catch (error) {
      this.fault = error instanceof Error ? error : new Error('a reader failed');
      this.over = true;
      this.socket.terminate();
    }
    this.working = false;
    this.socket.resume();
  }

  private async take(frame: string): Promise<boolean> {
    const value = parseFields(frame);
    // The server refuses in a frame on an open socket, so only a frame that is no refusal shows that the log is read.
    if (isRefusal(value)) throw new Refused('attaching to a log', 403);
    const entry = readEntry(value);
    if (entry || isGreeting(value)) this.reader.connected();
    if (entry) return this.reader.read(entry);
    if (!isGreeting(value)) await this.reader.passOver(value);
    return true;
  }

  private hangUp(): void {
    this.over = true;
    this.socket.close(1000);
    setTimeout(() => this.socket.terminate(), CLOSE_MS).unref();
  }
}
