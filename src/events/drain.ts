/** How a process says goodbye to its readers: one after the other, so that they do not all knock at the next one's door at once. */

/** Goodbyes a second, as far as the bound allows: as many connects a second the other processes get. */
const GOODBYES_PER_SECOND = 200;
/** What a reader is told to wait before it comes back; the jitter on it is the smaller part of the spreading. */
export const RETRY_MS = 1000;

/** When each of `count` readers is told, in ms from now: evenly, over as long as their number asks for, at most `boundMs`. */
export function goodbyeTimes(count: number, boundMs: number): number[] {
  const windowMs = Math.min(boundMs, (Math.max(0, count - 1) * 1000) / GOODBYES_PER_SECOND);
  return Array.from({ length: count }, (_, index) => (count > 1 ? (windowMs * index) / (count - 1) : 0));
}
