/**
 * Counts appends that failed and logs them (not each one). It remembers the last failure for a while, so that others
 * can ask how the database is.
 */
import { appendFailures } from '../../common/metrics.js';
import { SparseLog } from '../../common/sparse-log.js';
import { blameOf } from '../../database/database-errors.js';
import { ALL_TROUBLES, describeTrouble, troubleOf } from '../../database/database-trouble.js';

/** A failed append tells how the database is for this long. If nobody sends events, nothing newer is learned. */
const TROUBLE_MS = 10_000;

// A counter that begins with its first failure would show no increase for it.
for (const reason of [...ALL_TROUBLES, 'ours']) appendFailures.inc({ reason }, 0);

export class AppendFailures {
  private readonly log = new SparseLog('Ingest');
  private last: { readonly words: string; readonly at: number } | undefined;

  /** What was wrong with the database at the last append, in words, if that append failed a short while ago. */
  get trouble(): string | undefined {
    return this.last && performance.now() - this.last.at < TROUBLE_MS ? this.last.words : undefined;
  }

  /** The append failed. Nothing of it is acknowledged, whatever the cause was. */
  note(error: unknown): void {
    const isOurs = blameOf(error) === 'ours';
    const words = isOurs ? 'a fault of ours' : describeTrouble(error);
    appendFailures.inc({ reason: isOurs ? 'ours' : troubleOf(error) });
    if (!isOurs) this.last = { words, at: performance.now() };
    const stack = isOurs && error instanceof Error ? error.stack : undefined;
    this.log.error(words, `an append failed, its events have to come again: ${words}`, stack);
  }

  /** The append is committed, but its announcement is lost. Readers of the log find it when they look. */
  noteUnannounced(error: unknown): void {
    this.log.error('announce', 'an append could not be announced', error instanceof Error ? error.stack : undefined);
  }

  clear(): void {
    this.last = undefined;
  }
}
