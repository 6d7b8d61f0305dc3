/**
 * A source's way into the log: in order, batched while an append is running, patient while appends fail, for whatever
 * reason. What is not in the log is not acknowledged (security rule 25), and a wire does not send anything twice.
 */
import { Logger } from '@nestjs/common';
import { Backoff } from '../common/backoff.js';
import { eventsIn, sourceRetries } from '../common/metrics.js';
import { moment } from '../common/moment.js';
import { Problem } from '../common/problem.js';
import { SparseLog } from '../common/sparse-log.js';
import { NO_TIME } from '../common/written-time.js';
import { blameOf } from '../database/database-errors.js';
import { describeTrouble } from '../database/database-trouble.js';
import { AdmittedEvent, DecodedEvent, admitEvent } from '../events/log/event.js';
import type { IngestService } from '../events/live/ingest.service.js';
import type { EventSink } from './source.js';
import { pause } from '../common/waiting.js';

/** Events of one source that may wait before it is asked to stop reading (bounds memory). */
const MAX_WAITING = 5000;
/** The same in bytes of their data. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** Events passed on at once. */
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
  private limit = MAX_BATCH;
  private readonly backoff = new Backoff({ firstMs: 100, maxMs: 5000 });
  private readonly log: SparseLog;
  /** Why events that were read are not stored yet, if something is wrong. */
  trouble: string | undefined;
  /** When it was last given an event; undefined: never. */
  lastEventAt: Date | undefined;

  constructor(
    private readonly sourceName: string,
    private readonly ingest: IngestService,
    private readonly signal: AbortSignal,
  ) {
    this.log = new SparseLog('Sources', sourceName);
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
      return admitEvent(this.timed(event), moment());
    } catch (error) {
      eventsIn.inc({ outcome: 'refused' });
      this.logger.warn(`${this.sourceName}: refused an event: ${faultsOf(error)}`);
      return undefined;
    }
  }

  /**
   * A wire cannot be told of a failure and does not repeat anything: its events are kept, with their time of arrival.
   */
  private timed(event: DecodedEvent): DecodedEvent {
    if (event.at === undefined || event.at instanceof Date) return event;
    this.log.warn('time', `took events for what happened when they came in: \`${event.at.unreadable}\` ${NO_TIME}`);
    return { ...event, at: undefined };
  }

  private async work(): Promise<void> {
    this.working = true;
    while (this.waiting.length > 0 && !this.signal.aborted) {
      const batch = this.waiting.slice(0, this.limit);
      const events = batch.flatMap(({ event }) => event ?? []);
      const isStored = await this.append(events);
      if (this.signal.aborted) break;
      if (!isStored) continue;
      this.waiting.splice(0, batch.length);
      this.waitingBytes -= bytesOf(events);
      for (const { done } of batch) done?.();
      if (this.hasRoom) for (const resolve of this.waitingForRoom.splice(0)) resolve();
    }
    this.working = false;
  }

  /**
   * False: it failed, and may be tried again now. Events keep their keys: a commit whose answer was lost is not
   * repeated.
   */
  private async append(events: readonly AdmittedEvent[]): Promise<boolean> {
    try {
      await this.ingest.submit(events, null);
      this.limit = Math.min(MAX_BATCH, this.limit * 2);
      this.backoff.reset();
      this.trouble = undefined;
      return true;
    } catch (error) {
      if (this.signal.aborted) return false;
      // An event that overloads the database or triggers a bug is isolated: the events before it get in.
      this.limit = Math.ceil(this.limit / 2);
      this.trouble = `events wait to be stored: ${wordsOf(error)}`;
      sourceRetries.inc({ source: this.sourceName });
      this.log.warn('append', this.trouble);
      await pause(this.backoff.nextMs(), this.signal);
      return false;
    }
  }

  private giveUp(): void {
    this.trouble = undefined;
    for (const { failed } of this.waiting.splice(0)) failed?.(new Error('the source was told to stop'));
    for (const resolve of this.waitingForRoom.splice(0)) resolve();
  }
}

/** Why an append failed, without its content. */
function wordsOf(error: unknown): string {
  if (error instanceof Problem) return error.detail;
  return blameOf(error) === 'ours' ? 'a fault of ours' : describeTrouble(error);
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
