/** A log read in pages over HTTP: the fallback if no WebSocket gets through. */
import { jitter } from '../../common/backoff.js';
import type { LogReader } from './attach-client.js';
import { isControl } from './decode.js';
import { readEntry, seqOf } from './log-entry.js';
import { pause } from '../../common/waiting.js';

/** `after` → the values of a page. */
export type ReadPage = (after: number) => Promise<readonly unknown[]>;

/**
 * Reads page after page, `pollMs` apart if nothing new came, until `untilMs` have passed; then a socket may be tried
 * again.
 */
export async function readPages(
  page: ReadPage,
  reader: LogReader,
  { pollMs, untilMs }: { readonly pollMs: number; readonly untilMs: number },
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + jitter(untilMs);
  let after = reader.position;
  while (!signal.aborted && performance.now() < until) {
    const values = await page(after);
    reader.connected();
    let last = 0;
    for (const value of values) {
      const entry = readEntry(value);
      if (entry && !(await reader.read(entry))) return;
      if (!entry) await reader.passOver(value);
      // Past a poison entry too, or a page full of them would be read for ever. A marker's seq is not its own.
      if (!entry || !isControl(entry.type)) last = seqOf(value) ?? last;
      if (signal.aborted) return;
    }
    const next = Math.max(reader.position, last);
    const isNew = next > after;
    after = next;
    if (isNew) continue;
    await reader.caughtUp();
    await pause(jitter(pollMs), signal);
  }
}
