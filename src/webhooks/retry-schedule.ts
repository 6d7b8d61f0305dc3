/** When an event that an endpoint did not take is sent again. Pure. */
import { jitter } from '../common/backoff.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The wait after each failed attempt. There is no attempt after the last of these. */
export const RETRY_MS = [
  5000,
  30_000,
  2 * MINUTE,
  10 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  24 * HOUR,
  24 * HOUR,
];
/** A receiver may ask for a longer wait, but only up to this. */
const MAX_RETRY_AFTER_MS = 24 * HOUR;

/**
 * How long to wait after this many attempts (1 is the first); undefined: there is no further attempt. `retryAfterMs`:
 * what the receiver asked for.
 */
export function retryAfter(attempts: number, retryAfterMs: number | undefined): number | undefined {
  const ms = RETRY_MS[attempts - 1];
  if (ms === undefined) return undefined;
  return Math.max(jitter(ms), Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}

/** The header `Retry-After`, in ms from `now`; undefined: it gives no time. RFC 9110, 10.2.3. */
export function retryAfterIn(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
