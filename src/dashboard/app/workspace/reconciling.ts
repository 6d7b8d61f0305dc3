/** Asks the server at intervals which calls are in progress: no event reports a call that was lost. */
const EVERY_MS = 5 * 60_000;
/** After a reason to doubt; further reasons meanwhile are covered by the same round. */
const SOON_MS = 3000;
/** Rounds are no closer together: where a sender's clock is slow, every call gives a reason to doubt. */
const LEAST_MS = 15_000;

export class Reconciling {
  private timer: ReturnType<typeof setTimeout>;
  private isSoon = false;
  private workedAt = -LEAST_MS;
  private closed = false;

  /** `round` may reject: the stream notices by itself when the server is away, and there is always a next time. */
  constructor(private readonly round: () => Promise<void>) {
    this.timer = setTimeout(() => this.work(), EVERY_MS);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  soon(): void {
    if (this.isSoon || this.closed) return;
    this.isSoon = true;
    clearTimeout(this.timer);
    const waitMs = Math.max(SOON_MS, this.workedAt + LEAST_MS - performance.now());
    this.timer = setTimeout(() => this.work(), waitMs);
  }

  private work(): void {
    this.isSoon = false;
    this.workedAt = performance.now();
    const next = () => {
      if (!this.closed && !this.isSoon) this.timer = setTimeout(() => this.work(), EVERY_MS);
    };
    this.round().then(next, next);
  }
}
