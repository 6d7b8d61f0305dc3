/**
 * Whether the voice server can be read at all: if nothing of it can be read for a while, /readyz must not say "live".
 */

import { Refused } from './voice-api.js';

/** A run that was never live reports a failure after this time: by then every log has been tried. */
const FIRST_MS = 5000;
/** The trouble of a server without a log to read. */
const SERVER = '';

export class Reachability {
  private attached = 0;
  private heardAt = performance.now();
  private isLive = false;
  /** By log: why it is not being read. */
  private readonly troubles = new Map<string, string>();
  /** By log that is read in pages: why no socket works. */
  private readonly inPagesFor = new Map<string, string>();

  constructor(
    private readonly outageMs: number,
    private readonly live: () => void,
    private readonly outage: (error: Error) => void,
  ) {}

  /** Contains no log's name, because everybody may read /readyz. */
  get trouble(): string | undefined {
    const [first] = this.troubles.values();
    const [reason] = this.inPagesFor.values();
    if (first === undefined && reason !== undefined)
      return `${this.inPagesFor.size} logs are read in pages, not live: ${reason}`;
    return first !== undefined && this.attached > 0 ? `${this.troubles.size} logs cannot be read: ${first}` : first;
  }

  /** A log is being read. */
  up(log: string): void {
    this.attached += 1;
    this.troubles.delete(log);
    this.reading();
  }

  /** It is no longer read. */
  down(): void {
    this.attached -= 1;
    this.heardAt = performance.now();
  }

  /** It is read, but in pages: a socket is refused. It is no trouble if the server does not speak WebSocket at all. */
  inPages(log: string, why: Error): void {
    if (why instanceof Refused) this.inPagesFor.set(log, why.message);
  }

  noMorePages(log: string): void {
    this.inPagesFor.delete(log);
  }

  /** It is not to be read any more. */
  forget(log: string): void {
    this.troubles.delete(log);
  }

  /** The server answers; there may be no log to attach to. */
  reading(): void {
    this.heardAt = performance.now();
    this.troubles.delete(SERVER);
    if (!this.isLive) this.live();
    this.isLive = true;
  }

  failed(log: string, error: Error): void {
    this.troubles.set(log, error.message);
    const silentMs = performance.now() - this.heardAt;
    const limitMs = this.isLive ? this.outageMs : Math.min(this.outageMs, FIRST_MS);
    if (this.attached > 0 || silentMs < limitMs) return;
    this.outage(new Error(`nothing could be read for ${Math.round(silentMs / 1000)} s: ${error.message}`));
  }

  /** For a server without a log to read: nothing else would show that it is away. */
  notFound(error: Error): void {
    if (this.isLive) this.failed(SERVER, error);
    else this.outage(error);
  }
}
