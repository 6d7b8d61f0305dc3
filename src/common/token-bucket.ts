/**
 * Token buckets (RFC 3290, 5.1.3), one a key: `perSecond` tokens are added, and at most `BURST_SECONDS` worth is kept.
 * A charge larger than that is allowed when the bucket is full, and leaves a debt, so that no size of request is
 * refused for ever.
 */
import { LRUCache } from 'lru-cache';

/** How many seconds' worth may be used at once, after a pause. */
const BURST_SECONDS = 5;
/** How many buckets are remembered. A full one need not be. */
const MAX_KEYS = 10_000;
/** How long a key with a rate of zero is told to wait. */
const NEVER_MS = 60_000;

/** In thousandths of a token, so that the tokens of a millisecond are a whole number. */
interface Level {
  readonly milli: number;
  readonly at: number;
}

export class TokenBuckets {
  private readonly levels = new LRUCache<string, Level>({ max: MAX_KEYS });

  /** Takes `cost` from the key's bucket. Returns 0 if that was allowed, otherwise after how many ms it will be. */
  charge(key: string, cost: number, perSecond: number, now = Math.floor(performance.now())): number {
    const capacity = perSecond * BURST_SECONDS * 1000;
    const milli = this.milliOf(key, perSecond, now);
    const needed = Math.min(cost * 1000, capacity);
    const allowed = milli >= needed && perSecond > 0;
    this.levels.set(key, { milli: allowed ? milli - cost * 1000 : milli, at: now });
    if (allowed) return 0;
    return perSecond > 0 ? Math.ceil((needed - milli) / perSecond) : NEVER_MS;
  }

  /**
   * Takes `cost` even if it is not there, for a cost that is known only afterwards. Returns 0, or after how many ms the
   * debt is paid.
   */
  owe(key: string, cost: number, perSecond: number, now = Math.floor(performance.now())): number {
    const milli = this.milliOf(key, perSecond, now) - cost * 1000;
    this.levels.set(key, { milli, at: now });
    return milli >= 0 ? 0 : Math.ceil(-milli / perSecond);
  }

  private milliOf(key: string, perSecond: number, now: number): number {
    const capacity = perSecond * BURST_SECONDS * 1000;
    const level = this.levels.get(key) ?? { milli: capacity, at: now };
    return Math.min(capacity, level.milli + (now - level.at) * perSecond);
  }
}
