/** HTTP/2 sessions to one gateway: as many as its limit of streams per session requires, and no more. */
import { type ClientHttp2Session, type IncomingHttpHeaders, connect, constants } from 'node:http2';
import type { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** Connections at once. A gateway that allows hardly a stream on each must not use up this process's sockets. */
const MAX_SESSIONS = 64;
/** Streams per session until the server has sent its own limit, and the most ever. */
const MAX_STREAMS = 100;
/**
 * Bytes of a session that may wait unread: as much as all its streams' windows together, so a slow stream holds up no
 * other.
 */
const WINDOW_BYTES = 16 * 1024 * 1024;
/** Finds a socket that broke in silence. */
const PING_MS = 30_000;

/** The head of an answer, over whichever HTTP. */
export interface Answer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Readable;
}

interface Pooled {
  readonly session: ClientHttp2Session;
  streams: number;
  isUnanswered: boolean;
}

export class SessionPool {
  private readonly sessions = new Set<Pooled>();
  private opening: Promise<Pooled> | undefined;
  private readonly timer: NodeJS.Timeout;
  private isClosed = false;

  /** `first`: a socket that has agreed on HTTP/2 already. */
  constructor(
    private readonly origin: string,
    private readonly connect: () => Promise<TLSSocket>,
    first: TLSSocket,
  ) {
    this.open(first);
    this.timer = setInterval(() => this.ping(), PING_MS);
    this.timer.unref();
  }

  async request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    body: string | undefined,
  ): Promise<Answer> {
    const pooled = await this.withRoom();
    if (signal.aborted) pooled.streams -= 1;
    signal.throwIfAborted();
    const head = { [constants.HTTP2_HEADER_METHOD]: method, [constants.HTTP2_HEADER_PATH]: path, ...headers };
    const stream = pooled.session.request(head, { signal, endStream: body === undefined });
    stream.once('close', () => (pooled.streams -= 1));
    if (body !== undefined) stream.end(body);
    return new Promise((resolve, reject) => {
      stream.on('error', reject); // The listener stays: an error without one ends the process.
      stream.once('close', () => reject(new Error('the connection was closed')));
      stream.once('response', (answered: IncomingHttpHeaders) => {
        const header = (name: string) => {
          const value = answered[name];
          return Array.isArray(value) ? value[0] : value;
        };
        resolve({ status: Number(answered[':status'] ?? 0), header, body: stream });
      });
    });
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    for (const { session } of this.sessions) session.destroy();
  }

  private async withRoom(): Promise<Pooled> {
    for (;;) {
      const roomy = [...this.sessions].find((one) => this.hasRoom(one));
      if (roomy) {
        // Taken here: others that were woken with this caller look next.
        roomy.streams += 1;
        return roomy;
      }
      if (this.sessions.size >= MAX_SESSIONS) throw new Error('the gateway allows too few streams on a connection');
      // One at a time: who waits looks again whether the new one has room.
      const opening = (this.opening ??= this.connect().then((socket) => this.open(socket)));
      try {
        await opening;
      } finally {
        if (this.opening === opening) this.opening = undefined;
      }
    }
  }

  private hasRoom({ session, streams }: Pooled): boolean {
    const limit = Math.min(MAX_STREAMS, session.remoteSettings?.maxConcurrentStreams ?? MAX_STREAMS);
    return !session.closed && !session.destroyed && streams < limit;
  }

  private open(socket: TLSSocket): Pooled {
    if (this.isClosed) {
      socket.destroy();
      throw new Error('the connections to the gateway were closed');
    }
    const session = connect(this.origin, { createConnection: () => socket });
    const pooled: Pooled = { session, streams: 0, isUnanswered: false };
    this.sessions.add(pooled);
    session.once('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
    session.on('error', () => undefined); // Its streams say so too.
    session.once('goaway', () => this.sessions.delete(pooled));
    session.once('close', () => this.sessions.delete(pooled));
    return pooled;
  }

  private ping(): void {
    for (const pooled of this.sessions) {
      if (pooled.isUnanswered) pooled.session.destroy(new Error('nothing answers there'));
      else if (!pooled.session.closed && !pooled.session.destroyed) {
        pooled.isUnanswered = true;
        pooled.session.ping(() => (pooled.isUnanswered = false));
      }
    }
  }
}
