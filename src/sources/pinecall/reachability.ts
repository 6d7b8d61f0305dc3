/** Whether the voice server can be read at all: when nothing of it can for a while, /readyz must not say "live". */

export class Reachability {
  private attached = 0;
  private heardAt = performance.now();
  private isLive = false;

  constructor(
    private readonly outageMs: number,
    private readonly live: () => void,
    private readonly outage: (error: Error) => void,
  ) {}

  /** A log is being read. */
  up(): void {
    this.attached += 1;
    this.reading();
  }

  /** It is read no more. */
  down(): void {
    this.attached -= 1;
    this.answered();
  }

  /** There is nothing to attach to, and that is in order. */
  reading(): void {
    if (!this.isLive) this.live();
    this.isLive = true;
  }

  /** The server answered, if only to refuse one log. */
  answered(): void {
    this.heardAt = performance.now();
  }

  failed(error: Error): void {
    const silentMs = performance.now() - this.heardAt;
    if (this.attached > 0 || silentMs < this.outageMs) return;
    this.outage(new Error(`nothing could be read for ${Math.round(silentMs / 1000)} s: ${error.message}`));
  }
}
