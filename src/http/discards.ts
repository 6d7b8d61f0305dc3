/**
 * The rest of a refused body. Its client may still be sending, and some see the answer only when all of it was taken.
 * So it is read and thrown away, at a pace: all refused bodies together get so many bytes a second, one after another.
 * Who sends little at a time takes little of it: the pace is by bytes.
 * Read as fast as they come, a hundred bodies of 8 MB would hold up everybody for a second.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** So often so many bytes are taken, of one or of several: about 12 MiB a second in all. */
const EVERY_MS = 5;
const PIECE_BYTES = 64 * 1024;

export class Discards {
  /** Those that have something to be read; the next one first. */
  private readonly ready = new Set<IncomingMessage>();
  private timer: NodeJS.Timeout | undefined;

  /** Call this before the response is written: Node throws the rest of an unread body away as fast as it comes. */
  watch(request: IncomingMessage, response: ServerResponse): void {
    response.prependOnceListener('finish', () => {
      if (!request.complete) this.add(request);
    });
  }

  private add(request: IncomingMessage): void {
    request.removeAllListeners('data').pause();
    request.read(); // Without this Node would take it for one that nobody reads, and read it by itself.
    request.on('readable', () => {
      this.ready.add(request);
      this.timer ??= setInterval(() => this.turn(), EVERY_MS).unref();
    });
    request.once('close', () => this.ready.delete(request));
  }

  private turn(): void {
    let taken = 0;
    for (const request of this.ready) {
      if (taken >= PIECE_BYTES) return;
      this.ready.delete(request);
      taken += (request.read() as Buffer | null)?.length ?? 0;
    }
    if (this.ready.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
