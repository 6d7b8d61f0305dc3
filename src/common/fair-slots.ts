/**
 * Slots that several parties share. Each party has a share and a line of its own, and lines are served in turn. So a
 * thousand requests of one party delay another party at most by the slots that are taken at the moment.
 */
import { Problem } from './problem.js';

export interface FairSlotsOptions {
  /** All slots together. */
  readonly slots: number;
  /** Slots that one party may hold at a time. */
  readonly share: number;
  /** How many requests of one party may wait. One more is refused with `rate-limited`. */
  readonly line: number;
  /** The longest wait. After it, the request is refused with `unavailable`. */
  readonly waitMs: number;
  /**
   * True if a slot rests for three times as long as it worked. Then this work takes a quarter of a core and leaves the
   * rest to others.
   */
  readonly rests?: () => boolean;
}

/** Bounds of a rest: work shorter than the first needs none, and no rest is longer than the second. */
const REST_FACTOR = 3;
const [MIN_REST_MS, MAX_REST_MS] = [10, 1000];

/** How long a request waits for its turn. */
export interface Patience {
  /** When it aborts, the request leaves the line, with its reason as the error. */
  readonly until: AbortSignal;
  /**
   * True if the line has no bound in number and time, because something else bounds it: open streams, whose requests
   * leave the line when they end.
   */
  readonly isEndless: boolean;
}

/** Waits as long as it takes: for work that many share, or for a caller that holds a slot already. */
export const PATIENT: Patience = { until: new AbortController().signal, isEndless: true };

/** Starts a request that waits. */
type Begin = () => void;

export class FairSlots {
  /** The parties that wait, in the order of their turns. */
  private readonly lines = new Map<string, Set<Begin>>();
  private readonly taken = new Map<string, number>();
  private busy = 0;

  constructor(private readonly options: FairSlotsOptions) {}

  get waiting(): number {
    let sum = 0;
    for (const line of this.lines.values()) sum += line.size;
    return sum;
  }

  async run<Value>(party: string, work: () => Promise<Value>, patience: Patience): Promise<Value> {
    patience.until.throwIfAborted();
    if (this.mayBegin(party) && !this.lines.has(party)) this.take(party);
    else await this.wait(party, patience);
    const begunAt = performance.now();
    try {
      return await work();
    } finally {
      this.leave(party, performance.now() - begunAt);
    }
  }

  /** The caller has its answer already; the next one waits for the rest to end. */
  private leave(party: string, workedMs: number): void {
    if (workedMs < MIN_REST_MS || this.options.rests?.() !== true) this.release(party);
    else setTimeout(() => this.release(party), Math.min(REST_FACTOR * workedMs, MAX_REST_MS)).unref();
  }

  private mayBegin(party: string): boolean {
    const { slots, share } = this.options;
    return this.busy < slots && (this.taken.get(party) ?? 0) < share;
  }

  private take(party: string): void {
    this.busy += 1;
    this.taken.set(party, (this.taken.get(party) ?? 0) + 1);
  }

  private release(party: string): void {
    this.busy -= 1;
    const left = (this.taken.get(party) ?? 1) - 1;
    if (left > 0) this.taken.set(party, left);
    else this.taken.delete(party);
    this.serve();
  }

  private wait(party: string, { until, isEndless }: Patience): Promise<void> {
    const line = this.lines.get(party) ?? new Set<Begin>();
    const { line: longest, waitMs } = this.options;
    if (!isEndless && line.size >= longest) {
      const detail = 'Too many requests of this kind wait already; send fewer at a time.';
      return Promise.reject(new Problem('rate-limited', detail, {}, waitMs));
    }
    this.lines.set(party, line);
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        until.removeEventListener('abort', leave);
      };
      const giveUp = (error: Error) => {
        stop();
        line.delete(begin);
        if (line.size === 0 && this.lines.get(party) === line) this.lines.delete(party);
        reject(error);
      };
      const leave = () => giveUp(until.reason as Error);
      const isLate = () =>
        giveUp(new Problem('unavailable', 'Others are served first; try again in a moment.', {}, waitMs));
      const timer = isEndless ? undefined : setTimeout(isLate, waitMs);
      const begin = () => {
        stop();
        resolve();
      };
      until.addEventListener('abort', leave);
      line.add(begin);
    });
  }

  /** Gives free slots to the parties that wait, one party after the other. */
  private serve(): void {
    for (const [party, line] of this.lines) {
      if (this.busy >= this.options.slots) return;
      if (!this.mayBegin(party)) continue;
      const [next] = line;
      if (next === undefined) continue;
      line.delete(next);
      // The party goes to the end of the line.
      this.lines.delete(party);
      if (line.size > 0) this.lines.set(party, line);
      this.take(party);
      next();
    }
  }
}
