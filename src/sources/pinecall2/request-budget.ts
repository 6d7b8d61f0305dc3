/**
 * How often we may send a request to a gateway. It limits an org to 6,000 requests a minute and answers 429 beyond. We
 * stay below that; after a 429, every request waits as long as it says. Waiting requests are sent in their order.
 */
import { pause } from '../../common/waiting.js';

/** A quarter below what the gateway allows: other programs of the org use the same allowance. */
const PER_MINUTE = 4500;
/** Requests that may go out at once after a pause. */
const BURST = 100;
/** The wait after a 429 that gives no time. */
const DEFAULT_PAUSE_MS = 5000;
/** The longest that one 429 may stop us: after it, one request is tried. */
const MAX_PAUSE_MS = 300_000;

export class RequestBudget {
  private readonly everyMs: number;
  private nextAt = -Infinity;
  private pausedUntil = -Infinity;

  constructor(perMinute = PER_MINUTE) {
    this.everyMs = 60_000 / perMinute;
  }

  /**
   * Resolves when a request may be sent, or the signal aborts. `urgent`: the floor and the lists do not queue behind
   * calls.
   */
  async take(signal: AbortSignal, urgent = false): Promise<void> {
    while (!signal.aborted) {
      const now = performance.now();
      const at = Math.max(now - BURST * this.everyMs, this.nextAt);
      this.nextAt = at + this.everyMs;
      const waitMs = Math.max(urgent ? 0 : at - now, this.pausedMs);
      if (waitMs > 0) await pause(waitMs, signal);
      // Requests that waited for the end of a 429 queue again: they are not all sent at its end.
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
