/** A source's way into the log: in order, batched while an append is under way, patient while the database is away. */
import { Logger } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { Backoff } from '../common/backoff.js';
import { eventsIn, sourceRetries } from '../common/metrics.js';
import { moment } from '../common/moment.js';
import { Problem } from '../common/problem.js';
import { isDatabaseAway } from '../database/database-errors.js';
import { AdmittedEvent, DecodedEvent, admitEvent } from '../events/event.js';
import type { IngestService } from '../events/ingest.service.js';
import type { EventSink } from './source.js';

/** Events of one source that may wait before it is asked to stop reading (bounds memory). */
const MAX_WAITING = 5000;
/** Bytes of their data that may: as above. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** Events handed on at once. */
const MAX_BATCH = 1000;

interface Waiting {
  readonly event: AdmittedEvent | undefined;
  readonly done: (() => void) | undefined;
  readonly failed: ((error: unknown) => void) | undefined;
}

export class SourceSink implements EventSink {
  private readonly logger = new Logger('Sources');
  private waiting: Waiting[] = [];
  private waitingForRoom: (() => void)[] = [];
  private waitingBytes = 0;
  private working = false;
  /** When it was last given something; undefined: never. */
  lastEventAt: Date | undefined;

  constructor(
    private readonly sourceName: string,
    private readonly ingest: IngestService,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => this.giveUp(), { once: true });
  }

  push(events: readonly DecodedEvent[]): Promise<void> {
    if (this.signal.aborted) return Promise.reject(new Error('the source was told to stop'));
    if (events.length > 0) this.lastEventAt = moment();
    const admitted = events.map((event) => this.admit(event));
    return new Promise((done, failed) => {
      for (const event of admitted) this.waiting.push({ event, done: undefined, failed: undefined });
      this.waitingBytes += bytesOf(admitted);
      this.waiting.push({ event: undefined, done, failed });
      if (!this.working) void this.work();
    });
  }

  /** Events that were read and are not committed yet. */
  get waitingEvents(): number {
    return this.waiting.reduce((count, { event }) => (event === undefined ? count : count + 1), 0);
  }

  async room(): Promise<void> {
    if (this.hasRoom || this.signal.aborted) return;
    await new Promise<void>((resolve) => this.waitingForRoom.push(resolve));
  }

  private get hasRoom(): boolean {
    return this.waiting.length < MAX_WAITING && this.waitingBytes < MAX_WAITING_BYTES;
  }

  private admit(event: DecodedEvent): AdmittedEvent | undefined {
    try {
      return admitEvent(event, moment());
    } catch (error) {
      eventsIn.inc({ outcome: 'refused' });
      this.logger.warn(`${this.sourceName}: refused an event: ${faultsOf(error)}`);
      return undefined;
    }
  }

  private async work(): Promise<void> {
    this.working = true;
    while (this.waiting.length > 0 && !this.signal.aborted) {
      const batch = this.waiting.slice(0, MAX_BATCH);
      const events = batch.flatMap(({ event }) => event ?? []);
      const failure = await this.append(events).then(
        () => undefined,
        (error: unknown) => {
          eventsIn.inc({ outcome: 'refused' }, events.length);
          this.logger.error(
            `${this.sourceName}: ${events.length} events could not be stored: ${(error as Error).message}`,
          );
          return error;
        },
      );
      if (this.signal.aborted) break;
      this.waiting.splice(0, batch.length);
      this.waitingBytes -= bytesOf(events);
      for (const { done, failed } of batch) {
        if (failure === undefined) done?.();
        else failed?.(failure);
      }
      if (this.hasRoom) for (const resolve of this.waitingForRoom.splice(0)) resolve();
    }
    this.working = false;
  }

  /** Tries until it is committed: the events keep their keys, so that a commit whose answer was lost is not repeated. */
  private async append(events: readonly AdmittedEvent[]): Promise<void> {
    const backoff = new Backoff({ firstMs: 100, maxMs: 5000 });
    while (!this.signal.aborted) {
      try {
        await this.ingest.submit(events, null);
        return;
      } catch (error) {
        const passes = isDatabaseAway(error) || (error instanceof Problem && error.passes);
        if (!passes) throw error;
        sourceRetries.inc({ source: this.sourceName });
        this.logger.warn(`${this.sourceName}: waiting for the database: ${(error as Error).message}`);
        await wait(backoff.nextMs(), undefined, { signal: this.signal }).catch(() => undefined); // Aborted: the loop ends.
      }
    }
  }

  private giveUp(): void {
    for (const { failed } of this.waiting.splice(0)) failed?.(new Error('the source was told to stop'));
    for (const resolve of this.waitingForRoom.splice(0)) resolve();
  }
}

/** Characters of their data, which are about as many bytes. */
function bytesOf(events: readonly (AdmittedEvent | undefined)[]): number {
  return events.reduce((bytes, event) => bytes + (event?.data.length ?? 0), 0);
}

/** What was wrong with an event, without its content. */
function faultsOf(error: unknown): string {
  if (!(error instanceof Problem)) return 'it cannot be serialised';
  return error.extensions.errors?.map(({ path, message }) => `${path} ${message}`).join('; ') ?? error.detail;
}
