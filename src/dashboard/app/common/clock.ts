/** The time by the server's clock, told once a second to all who show it. */
import { createStore, useStore } from './store.js';

let offsetMs = 0;
const seconds = createStore(Math.floor(Date.now() / 1000));

setInterval(() => seconds.set(Math.floor(serverNow() / 1000)), 250);

export function serverNow(): number {
  return Date.now() + offsetMs;
}

/** By an answer's `Date`, which is as of a second: smaller differences are none. */
export function learnServerTime(date: string | null): void {
  const difference = Date.parse(date ?? '') + 500 - Date.now();
  if (Number.isFinite(difference)) offsetMs = Math.abs(difference) < 1500 ? 0 : difference;
}

/** Seconds since the epoch; renders once a second. */
export function useSeconds(): number {
  return useStore(seconds);
}
