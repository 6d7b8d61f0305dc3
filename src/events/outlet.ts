/**
 * The way from a stream to one client's socket. The framework keeps the connection's life (headers, abort, errors); the
 * frames, made once for all readers, go to the response as they are. Bounded: what the client doesn't read is counted, and a
 * client that stops reading is cut, with its cursor intact at its side.
 */
import type { Response } from 'express';

/** Bytes that may wait for one client before its stream is cut (security rule 16: 512 KiB, kernel buffers aside). */
export const MAX_PENDING_BYTES = 384 * 1024;
/** Below this a backlog goes on; above it waits for the socket. */
const BACKLOG_PENDING_BYTES = 64 * 1024;
/** How long a client may leave bytes unread. */
export const MAX_STALLED_MS = 20_000;

export class Outlet {
  private stalledSince: number | undefined;

  constructor(private readonly response: Response) {
    response.on('drain', () => (this.stalledSince = undefined));
  }

  /** False when the client has fallen too far behind: the stream must end. */
  write(frame: Buffer): boolean {
    if (!this.response.write(frame)) this.stalledSince ??= Date.now();
    return this.response.writableLength <= MAX_PENDING_BYTES;
  }

  isStalled(now: number): boolean {
    return this.stalledSince !== undefined && now - this.stalledSince > MAX_STALLED_MS;
  }

  get pendingBytes(): number {
    return this.response.writableLength;
  }

  /** Resolves when a backlog may go on: at once, or when the socket has drained. Rejects when the signal aborts. */
  async room(signal: AbortSignal): Promise<void> {
    if (this.response.writableLength <= BACKLOG_PENDING_BYTES) return;
    await new Promise<void>((resolve, reject) => {
      const done = (settle: () => void) => () => {
        this.response.off('drain', onDrain);
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const onDrain = done(resolve);
      const onAbort = done(() => reject(new Error('the stream ended while its backlog waited')));
      this.response.once('drain', onDrain);
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
    });
  }

  /** Ends the connection without waiting for a client that doesn't read. */
  cut(): void {
    this.response.destroy();
  }
}
