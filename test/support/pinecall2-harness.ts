/** Runs a {@link Pinecall2Source} against the double of a gateway, with everything it is given in memory. */
import { Pinecall2Source } from '../../src/sources/pinecall2/pinecall2.source.js';
import type { Pinecall2Options, Timings } from '../../src/sources/pinecall2/pinecall2-options.js';
import { MemoryCursors } from './call-log-harness.js';
import { CollectingSink } from './collecting-sink.js';
import { GATEWAY_KEY, Gateway, type Tls } from './pinecall2-gateway.js';
import { waitFor } from './wait-for.js';

/** Short enough that no test waits for a timer, and the looks so long that nothing passes only because of them. */
const TIMINGS: Partial<Timings> = {
  backoff: { firstMs: 5, maxMs: 20 },
  saveMs: 1,
  pollMs: 5,
  reconcileMs: 60_000,
  retryStreamMs: 60_000,
};

export class Pinecall2Harness<S extends CollectingSink = CollectingSink> {
  lives = 0;
  source: Pinecall2Source | undefined;
  private abort = new AbortController();
  private running: Promise<void> = Promise.resolve();

  private constructor(
    readonly gateway: Gateway,
    readonly sink: S,
    readonly cursors = new MemoryCursors(),
  ) {}

  static async create(tls?: Tls): Promise<Pinecall2Harness> {
    return new Pinecall2Harness(await Gateway.start(tls), new CollectingSink());
  }

  /** The same upstream and cursors, a new sink: what comes now came in this run. */
  with<T extends CollectingSink>(sink: T): Pinecall2Harness<T> {
    return new Pinecall2Harness(this.gateway, sink, this.cursors);
  }

  /** Starts the source; the promise is that of its run. */
  start(timings: Partial<Timings> = {}, query = '', options: Partial<Pinecall2Options> = {}): Promise<void> {
    const all = { apiKey: GATEWAY_KEY, cursors: this.cursors, perMinute: 60_000_000, ...options };
    this.abort = new AbortController();
    this.source = new Pinecall2Source(this.gateway.source + query, { ...all, timings: { ...TIMINGS, ...timings } });
    this.running = this.source.run(this.sink, () => (this.lives += 1), this.abort.signal);
    this.running.catch(() => undefined); // A test that expects a failure awaits the promise that it was given.
    return this.running;
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.running;
  }

  /** Upstream's numbers of what came of a call, in order; a number stands once, however many events it became. */
  seqs(call: string, durableOnly = false): readonly number[] {
    const events = this.sink.events.filter((event) => event.callId === call && !(durableOnly && event.ephemeral));
    const seqs = events.map(({ data }) => data['seq'] as number);
    return seqs.filter((seq, index) => seq !== seqs[index - 1]);
  }

  async until(holds: () => boolean, deadlineMs = 20_000): Promise<void> {
    await waitFor(holds, `${holds.toString()}`, deadlineMs);
  }

  row(call: string): { readonly cursor: number; readonly done: boolean } | undefined {
    return this.cursors.rows.get(`call:${call}`);
  }

  /** Until the call is read to its end and its row says so. */
  finished(call: string): Promise<void> {
    return this.until(() => this.row(call)?.done === true);
  }

  /** Until the floor is followed. */
  listening(): Promise<void> {
    return this.until(() => this.gateway.floors.size > 0 && this.lives > 0);
  }

  async tearDown(): Promise<void> {
    this.abort.abort();
    await this.running.catch(() => undefined); // Judged by the test, if it is its subject.
    await this.gateway.stop();
  }
}
