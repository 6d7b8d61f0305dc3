/** When an event that was not taken is sent again. Pure. */
import { jitter } from '../common/backoff.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** After each attempt that failed; after the last of them there is none. */
export const RETRY_MS = [
  ...[5000, 30_000, 2 * MINUTE, 10 * MINUTE],
  ...[HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 24 * HOUR],
];
/** A receiver may ask for more patience, but not for ever. */
const MAX_RETRY_AFTER_MS = 24 * HOUR;

/** How long to wait after so many attempts, 1 being the first; undefined: there is no other. `retryAfterMs`: what the receiver asked for. */
export function retryAfter(attempts: number, retryAfterMs: number | undefined): number | undefined {
  const ms = RETRY_MS[attempts - 1];
  if (ms === undefined) return undefined;
  return Math.max(jitter(ms), Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}

/** The header `Retry-After`, in ms from `now`; undefined: it says nothing. RFC 9110, 10.2.3. */
export function retryAfterIn(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
