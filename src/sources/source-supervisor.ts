/**
 * Runs every configured source, again and again. If an upstream fails, it is tried again with backoff and jitter. A
 * source that must run once runs while this process has its lease.
 */
import {
  BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  OnApplicationBootstrap,
  OnModuleDestroy,
} from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { Leases } from '../bus/leases.js';
import { Backoff } from '../common/backoff.js';
import { sourceRestarts } from '../common/metrics.js';
import { moment } from '../common/moment.js';
import { IngestService } from '../events/live/ingest.service.js';
import { pause, unlessAborted } from '../common/waiting.js';
import { InvalidSource, type Source, type SourceState } from './source.js';
import { SourceSink } from './source-sink.js';

/** Injection token of the configured {@link Source}s. */
export const SOURCES = Symbol('SOURCES');

/** A source that ran for this long was healthy: its next restart is quick again. */
const WELL_MS = 30_000;
/** How long sources get to stop at shutdown. */
const STOP_MS = 1000;
/** A source that connects for longer reports that nothing answers. */
const SILENT_SECONDS = 3;

export interface SourceStatus {
  readonly name: string;
  state: SourceState;
  /** ISO 8601. */
  since: string;
  restarts: number;
  /**
   * What is wrong; without secrets. For a live source: why events that it read are not stored, what it cannot read or
   * has lost. Otherwise why it last failed, or that nothing answers.
   */
  error: string | null;
}

interface Watched {
  readonly source: Source;
  readonly status: SourceStatus;
  /** By `performance.now()`. */
  enteredAt: number;
}

/** Its condition besides its state. */
export interface SourceProgress {
  readonly source: string;
  readonly lastEventAt: Date | undefined;
  /** Events that were read and are not committed yet. */
  readonly waitingEvents: number;
  /** Messages that upstream still has for it; undefined: upstream does not say. */
  readonly upstreamBacklog: number | undefined;
}

@Injectable()
export class SourceSupervisor implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger('Sources');
  private readonly abort = new AbortController();
  private readonly watched: Watched[] = [];
  private readonly sinks = new Map<Source, SourceSink>();
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(SOURCES) private readonly sources: readonly Source[],
    private readonly ingest: IngestService,
    private readonly leases: Leases,
  ) {}

  get status(): readonly Readonly<SourceStatus>[] {
    return this.watched.map(({ source, status, enteredAt }) => ({
      ...status,
      error: this.wordsOn(source, status, enteredAt),
    }));
  }

  /** The sources that this process runs, or has run. */
  get progress(): SourceProgress[] {
    return [...this.sinks].map(([{ name, upstreamBacklog }, { lastEventAt, waitingEvents }]) => ({
      source: name,
      upstreamBacklog,
      lastEventAt,
      waitingEvents,
    }));
  }

  onApplicationBootstrap(): void {
    this.running = Promise.all(this.sources.map((source) => this.supervise(source)));
  }

  /** Before the readers are told, which may take a while: another process takes over meanwhile. */
  onModuleDestroy(): void {
    this.abort.abort();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.race([this.running, wait(STOP_MS, undefined, { ref: false })]);
  }

  private wordsOn(source: Source, { state, error }: SourceStatus, enteredAt: number): string | null {
    if (state === 'standby' || state === 'stopped') return error;
    const unstored = this.sinks.get(source)?.trouble;
    if (unstored !== undefined || state === 'live') return unstored ?? source.trouble ?? null;
    const seconds = Math.floor((performance.now() - enteredAt) / 1000);
    // A peer that accepts the connection and stays silent is given its time.
    const isSilent = state === 'connecting' && seconds >= SILENT_SECONDS;
    return error ?? source.trouble ?? (isSilent ? `nothing has answered for ${seconds} s` : null);
  }

  private async supervise(source: Source): Promise<void> {
    const status: SourceStatus = { name: source.name, state: 'connecting', since: now(), restarts: 0, error: null };
    const watched: Watched = { source, status, enteredAt: performance.now() };
    this.watched.push(watched);
    const enter = (state: SourceState) => {
      if (status.state === state) return;
      Object.assign(status, { state, since: now() });
      watched.enteredAt = performance.now();
    };
    const { signal } = this.abort;
    let goesOn = true;
    while (goesOn && !signal.aborted) {
      const lease = source.once
        ? await this.leases.acquire(`switchboard source ${source.name}`, () => enter('standby'), signal)
        : undefined;
      if (signal.aborted) break;
      goesOn = await this.keepRunning(source, status, enter, lease ? AbortSignal.any([signal, lease.lost]) : signal);
      if (lease?.lost.aborted && goesOn) this.logger.warn(`${source.name}: stopped, for its lease was lost`);
      if (signal.aborted && !lease?.lost.aborted) await this.takeLeave(source);
      await lease?.release();
    }
    enter('stopped');
  }

  /** What is not said in time is left to the next start. */
  private async takeLeave(source: Source): Promise<void> {
    if (!source.farewell) return;
    const late = AbortSignal.timeout(STOP_MS);
    const said = source.farewell(new SourceSink(source.name, this.ingest, late));
    await unlessAborted(said, late).catch((error: Error) => this.logger.warn(`${source.name}: ${error.message}`));
  }

  /** Resolves when the signal aborts; false if the source can never run. */
  private async keepRunning(
    source: Source,
    status: SourceStatus,
    enter: (state: SourceState) => void,
    signal: AbortSignal,
  ): Promise<boolean> {
    const backoff = new Backoff({ firstMs: 500, maxMs: 30_000 });
    let said: string | null = null;
    const live = () => {
      enter('live');
      status.error = null;
    };
    const sink = new SourceSink(source.name, this.ingest, signal);
    this.sinks.set(source, sink);
    while (!signal.aborted) {
      const startedAt = performance.now();
      enter('connecting');
      const fault = await source.run(sink, live, signal).catch((error: Error) => error);
      status.error = fault?.message ?? 'the upstream ended';
      if (fault instanceof InvalidSource) {
        this.logger.error(`${source.name}: ${status.error}; it stays stopped until the server is started again`);
        return false;
      }
      if (signal.aborted) break;
      enter('waiting');
      status.restarts += 1;
      sourceRestarts.inc({ source: source.name });
      if (performance.now() - startedAt > WELL_MS) {
        backoff.reset();
        said = null;
      }
      const delayMs = backoff.nextMs();
      // A failure that repeats itself is logged once; /readyz shows it as long as it lasts.
      if (said !== status.error)
        this.logger.warn(`${source.name}: ${status.error}; again in ${(delayMs / 1000).toFixed(1)} s`);
      said = status.error;
      await pause(delayMs, signal);
    }
    return true;
  }
}

function now(): string {
  return moment().toISOString();
}
