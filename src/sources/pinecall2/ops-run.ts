/**
 * One run over all orgs of a gateway. The floor is live only. An end that nobody heard is found in the meter's rows,
 * which have a cursor. Rows do not name their world, so they end calls that the floor has announced, and begin none.
 */
import { Backoff, jitter } from '../../common/backoff.js';
import { numberIn } from '../../common/exact-number.js';
import { callIdSchema } from '../../common/ids.js';
import type { SparseLog } from '../../common/sparse-log.js';
import { childOf, pause } from '../../common/waiting.js';
import { writtenTime } from '../../common/written-time.js';
import type { DecodedEvent } from '../../events/log/event.js';
import type { Reachability } from '../pinecall/reachability.js';
import type { EventSink } from '../source.js';
import { decodeEntry, isSimulated, worldOf } from './decode.js';
import { type Entry, isFields, readEntry } from './entry.js';
import { framesOf } from './event-frames.js';
import type { GatewayApi } from './gateway-api.js';
import { GatewayRefusal } from './gateway-refusal.js';
import { entriesLeftOut } from './pinecall2-metrics.js';
import type { CursorStore, GatewayAddress, Timings } from './pinecall2-options.js';
import { USAGE, UsageFeed, type UsageRow } from './usage-feed.js';

const FLOOR = '/v1/ops/events';

export interface OpsRunOptions {
  readonly source: string;
  readonly api: GatewayApi;
  readonly address: GatewayAddress;
  readonly cursors: CursorStore;
  readonly timings: Timings;
  readonly sink: EventSink;
  readonly reachability: Reachability;
  readonly log: SparseLog;
}

export class OpsRun {
  private readonly abort = new AbortController();
  private failure: Error | undefined;
  /** Calls that the floor has announced and that have not ended, as rows. */
  private readonly open = new Set<string>();

  constructor(private readonly options: OpsRunOptions) {}

  /** Ends the run with this error. */
  fail(error: Error): void {
    this.failure ??= error;
    this.abort.abort();
  }

  /** Resolves when the signal has aborted and everything has ended; rejects when the run failed. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.abort.abort();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      const rows = await this.options.cursors.load(this.options.source);
      for (const [log, { done }] of rows) if (log.startsWith('call:') && !done) this.open.add(log);
      const { api, cursors, source, reachability } = this.options;
      const usage = new UsageFeed(
        {
          api,
          cursors,
          source,
          path: '/v1/ops/usage',
          signal: this.abort.signal,
          take: (row) => this.meter(row),
          onPage: () => reachability.reading(),
        },
        rows.get(USAGE)?.cursor,
      );
      await Promise.all([
        this.again('floor', () => this.readFloor(), 0),
        this.again('usage', () => usage.read(), this.options.timings.reconcileMs),
      ]);
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
    if (this.failure) throw this.failure;
  }

  /** Repeats the work until the run ends; after a fault, with a delay. */
  private async again(name: string, work: () => Promise<void>, everyMs: number): Promise<void> {
    const { timings, reachability, log } = this.options;
    const { signal } = this.abort;
    const backoff = new Backoff(timings.backoff);
    while (!signal.aborted) {
      const since = performance.now();
      try {
        await work();
        if (everyMs > 0) {
          reachability.forget(name);
          await pause(jitter(everyMs), signal);
          continue;
        }
      } catch (error) {
        if (signal.aborted) return;
        const fault = error instanceof Error ? error : new Error('unknown');
        if (fault instanceof GatewayRefusal && fault.isForKey) return this.fail(fault);
        reachability.failed(name, fault);
        log.warn(name, `the ${name} cannot be read: ${fault.message}`);
      }
      if (performance.now() - since > timings.silenceMs) backoff.reset();
      await pause(backoff.nextMs(), signal);
    }
  }

  private async readFloor(): Promise<void> {
    const { api, timings, reachability } = this.options;
    const { controller, release } = childOf(this.abort.signal);
    try {
      const body = await api.floor(FLOOR, controller.signal);
      reachability.up('floor');
      try {
        for await (const value of framesOf(body, timings.silenceMs)) await this.hear(value);
      } finally {
        reachability.down();
      }
    } finally {
      controller.abort();
      release();
    }
  }

  private async hear(value: unknown): Promise<void> {
    const frame = isFields(value) ? value : {};
    const entry = readEntry(frame['entry']);
    const org = frame['org'];
    if (!entry || typeof org !== 'string' || org === '') return entriesLeftOut.inc({ why: 'invalid' });
    const { call } = entry;
    if (call === null || !callIdSchema.safeParse(call).success || !this.isWanted(entry, frame['env'])) return;
    const row = `call:${org}/${call}`;
    await this.enter(row);
    const { events } = decodeEntry({ ...entry, agent: `${org}/${entry.agent}` }, call);
    const commit = this.options.sink.push(events);
    commit.catch(() => undefined); // Rejects only when the source is told to stop; nobody else may be listening.
    await this.options.sink.room();
    if (entry.type === 'call.ended') await this.ended(row, commit);
  }

  /** Patient while the store is away: the floor does not repeat what it says. */
  private async enter(row: string): Promise<void> {
    const { cursors, source, timings, log } = this.options;
    const { signal } = this.abort;
    for (const backoff = new Backoff(timings.backoff); !this.open.has(row) && !signal.aborted;) {
      try {
        await cursors.save(source, row, 0, false);
        this.open.add(row);
      } catch (error) {
        log.warn('cursor', `a call could not be noted: ${(error as Error).message}`);
        await pause(backoff.nextMs(), signal);
      }
    }
  }

  private isWanted(entry: Entry, env: unknown): boolean {
    const { world, withSimulated } = this.options.address;
    const own = typeof env === 'string' ? env : (worldOf(entry) ?? 'production');
    return own === world && (withSimulated || !isSimulated(entry));
  }

  private async ended(row: string, commit: Promise<void>): Promise<void> {
    await commit;
    await this.options.cursors.save(this.options.source, row, 0, true);
    this.open.delete(row);
  }

  private async meter({ org, agent, call, type, at, minutes }: UsageRow): Promise<void> {
    const row = `call:${org}/${call}`;
    if (org === undefined || type !== 'call.summary' || !this.open.has(row)) return;
    const length = numberIn(minutes);
    const event: DecodedEvent = {
      type,
      agent: `${org}/${agent}`,
      callId: call,
      at: writtenTime(at),
      ephemeral: false,
      identity: ['pinecall2-usage', org, call],
      data: { callId: call, ...(length !== undefined && { duration: Math.round(length * 60) }) },
    };
    await this.ended(row, this.options.sink.push([event]));
  }
}
