/**
 * How often a gateway may be asked. It paces an org to 6,000 requests a minute and answers 429 beyond; we stay below, and when it
 * does say 429, everybody waits as long as it says. Who waits is served in the order of coming.
 */
import { pause } from '../../common/waiting.js';

/** A quarter below what the gateway allows: other programs of the org use the same allowance. */
const PER_MINUTE = 4500;
/** Requests that may go out at once after a pause. */
const BURST = 100;
/** Where 429 says no time. */
const DEFAULT_PAUSE_MS = 5000;
/** Longest that a gateway may silence us at a stretch: it is asked again then, once. */
const MAX_PAUSE_MS = 300_000;

export class RequestBudget {
  private readonly everyMs: number;
  private nextAt = -Infinity;
  private pausedUntil = -Infinity;

  constructor(perMinute = PER_MINUTE) {
    this.everyMs = 60_000 / perMinute;
  }

  /** Resolves when a request may go out, or the signal aborts. `urgent`: the floor and the lists do not stand in line behind calls. */
  async take(signal: AbortSignal, urgent = false): Promise<void> {
    while (!signal.aborted) {
      const now = performance.now();
      const at = Math.max(now - BURST * this.everyMs, this.nextAt);
      this.nextAt = at + this.everyMs;
      const waitMs = Math.max(urgent ? 0 : at - now, this.pausedMs);
      if (waitMs > 0) await pause(waitMs, signal);
      // Who waited while the gateway silenced us stands in line again: not all go out at its end.
      if (this.pausedMs === 0) return;
    }
  }

  /** The gateway said 429. `retryAfterMs` as it said; undefined: it did not. */
  refused(retryAfterMs: number | undefined): void {
    const waitMs = Math.min(MAX_PAUSE_MS, retryAfterMs ?? DEFAULT_PAUSE_MS);
    this.pausedUntil = Math.max(this.pausedUntil, performance.now() + waitMs);
    this.nextAt = Math.max(this.nextAt, this.pausedUntil);
  }

  /** For how long nothing goes out, in milliseconds; 0: it may. */
  get pausedMs(): number {
    return Math.max(0, this.pausedUntil - performance.now());
  }
}
