/**
 * Messages of a broker that were gone before they were read: trimmed, purged, deleted. Nobody can know whose they were,
 * so no reader is told. They are counted, logged, and shown in /readyz for as long as the process lives.
 */
import { sourceEventsLost } from '../../common/metrics.js';
import { moment } from '../../common/moment.js';
import { SparseLog } from '../../common/sparse-log.js';

export class LostMessages {
  private readonly log: SparseLog;
  private count = 0;
  private last = '';

  constructor(private readonly source: string) {
    this.log = new SparseLog('Sources', source);
  }

  /** `how`: what happened to them, in words that follow "messages". */
  note(count: number, how: string): void {
    this.count += count;
    this.last = `${how}; last at ${moment().toISOString()}`;
    sourceEventsLost.inc({ source: this.source }, count);
    this.log.warn('lost', `LOST: ${count} messages ${how}`);
  }

  /** Undefined: none, as far as is known. */
  get words(): string | undefined {
    return this.count === 0 ? undefined : `${this.count} messages were lost: they ${this.last}`;
  }
}
