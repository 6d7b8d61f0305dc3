/** Appends that failed: counted, said in the log (not once each), and kept for a while for who asks how the database is. */
import { appendFailures } from '../../common/metrics.js';
import { SparseLog } from '../../common/sparse-log.js';
import { blameOf } from '../../database/database-errors.js';
import { ALL_TROUBLES, describeTrouble, troubleOf } from '../../database/database-trouble.js';

/** A failed append says how the database is for so long; who sends nothing learns nothing newer. */
const TROUBLE_MS = 10_000;

// A series that begins with its first failure shows no increase then.
for (const reason of [...ALL_TROUBLES, 'ours']) appendFailures.inc({ reason }, 0);

export class AppendFailures {
  private readonly log = new SparseLog('Ingest');
  private last: { readonly words: string; readonly at: number } | undefined;

  /** What ailed the database at the last append, in words, if that failed and was not long ago. */
  get trouble(): string | undefined {
    return this.last && performance.now() - this.last.at < TROUBLE_MS ? this.last.words : undefined;
  }

  /** Nothing of the append is acknowledged, whoever is to blame. */
  note(error: unknown): void {
    const isOurs = blameOf(error) === 'ours';
    const words = isOurs ? 'a fault of ours' : describeTrouble(error);
    appendFailures.inc({ reason: isOurs ? 'ours' : troubleOf(error) });
    if (!isOurs) this.last = { words, at: performance.now() };
    const stack = isOurs && error instanceof Error ? error.stack : undefined;
    this.log.error(words, `an append failed, its events have to come again: ${words}`, stack);
  }

  /** It is committed; the word of it is lost, and who reads the log looks for itself. */
  noteUnannounced(error: unknown): void {
    this.log.error('announce', 'an append could not be announced', error instanceof Error ? error.stack : undefined);
  }

  clear(): void {
    this.last = undefined;
  }
}
