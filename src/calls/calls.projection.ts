/**
 * Keeps the tables of calls in step with the log: reads it by position, in batches, behind the append and never within it.
 * What a batch changes and how far the log was read is one transaction, so a kill anywhere loses or doubles nothing. Every
 * process may project; whoever holds the projection's row does, the others look again a moment later. So when its holder
 * dies, the next one goes on.
 */
import { Injectable, Logger, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { Subscription } from 'rxjs';
import { Bus } from '../bus/bus.js';
import { Alarm } from '../common/alarm.js';
import { Backoff } from '../common/backoff.js';
import { eventsProjected, projectionSeconds } from '../common/metrics.js';
import { isForTheRows } from '../database/database-errors.js';
import { EventLog } from '../events/event-log.js';
import { IngestService } from '../events/ingest.service.js';
import { CallStore } from './call-store.js';
import { CallsRebuild } from './calls-rebuild.js';
import { touchedCalls } from './touched-call.js';

/** Rows a batch; bounds memory, and how long an erasure waits. */
const PAGE = 1000;
/**
 * While events come in, the append has the first claim on event loop and database: a batch is smaller, and followed by a rest of
 * so many times what it took. Its transaction is short, too: as long as it is open, PostgreSQL keeps every version of the rows
 * that appends count in, and each append walks past them.
 */
const BUSY_PAGE = 250;
const REST_FACTOR = 3;
/** Whoever asks for calls waits for what was committed before, but not long. */
const MAX_REST_MS = 100;
/** How long events gather after a batch that was not full: under load, fewer and larger transactions. */
const GATHER_MS = 20;
/** How soon to look again while another process projects. */
const BUSY_MS = 50;
/** How often the log is looked at without word of it: the bus may be away. */
const POLL_MS = 1000;
/** How often an event that cannot be taken in is tried before it is passed over. */
const MAX_ATTEMPTS = 3;

@Injectable()
export class CallsProjection implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Calls');
  private readonly alarm = new Alarm();
  private readonly backoff = new Backoff({ firstMs: 50, maxMs: 2000 });
  private readonly subscription = new Subscription();
  private running: Promise<void> | undefined;
  private stopped = false;
  /** Smaller after a batch that failed: so one poison event is found, and those beside it are not lost. */
  private limit = PAGE;
  private attempts = 0;

  constructor(
    private readonly log: EventLog,
    private readonly store: CallStore,
    private readonly rebuild: CallsRebuild,
    private readonly bus: Bus,
    private readonly ingest: IngestService,
  ) {}

  onApplicationBootstrap(): void {
    this.subscription.add(
      this.bus.messages.subscribe((message) => {
        if (message.kind === 'appended' && message.last >= message.first) this.alarm.ring();
      }),
    );
    this.subscription.add(this.bus.reconnected.subscribe(() => this.alarm.ring()));
    this.running = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    this.subscription.unsubscribe();
    this.alarm.ring();
    await this.running;
  }

  /** Says that there is something to do. */
  wake(): void {
    this.alarm.ring();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const restMs = await this.step().catch((error: unknown) => this.recover(error));
      if (restMs > 0 && !this.stopped) await (restMs === POLL_MS ? this.alarm.sleep(POLL_MS) : pause(restMs));
    }
  }

  /** One batch, or one step of a rebuild where all has been read. Returns how long to rest. */
  private async step(): Promise<number> {
    const { position, head, rebuild } = await this.store.progress();
    if (position >= head && rebuild === null) return POLL_MS;
    const stopTimer = projectionSeconds.startTimer();
    const isWriter = position < head ? await this.project(head) : await this.rebuild.step(this.limit);
    const tookMs = stopTimer() * 1000;
    this.backoff.reset();
    this.attempts = 0;
    if (!isWriter) return BUSY_MS;
    const wasFull = head - position >= this.limit;
    const { isBusy } = this.ingest;
    this.limit = Math.min(isBusy ? BUSY_PAGE : PAGE, this.limit * 2);
    if (isBusy) return Math.min(MAX_REST_MS, Math.max(GATHER_MS, tookMs * REST_FACTOR));
    return wasFull || rebuild !== null ? 0 : GATHER_MS;
  }

  /** False when another process writes. */
  private project(head: number): Promise<boolean> {
    return this.store.asWriter(async (run, position) => {
      // Read behind the lock: what was erased before it was taken is not there any more.
      const events = await this.log.readAcrossTenants(position, this.limit);
      const last = events.at(-1);
      // The last positions have no events: they were removed, or never given (events/log-lineage.ts).
      if (last === undefined) return this.store.moveTo(run, Math.max(position, head));
      const calls = touchedCalls(events);
      await this.store.load(run, calls);
      await this.store.save(run, calls);
      await this.store.moveTo(run, last.position);
      eventsProjected.inc({ outcome: 'taken in' }, events.length);
    });
  }

  /** A batch that the database refuses is halved; a single event that it refuses again and again is passed over. */
  private async recover(error: unknown): Promise<number> {
    if (!this.stopped) this.logger.warn(`a batch failed, trying again: ${(error as Error).message}`);
    if (!isForTheRows(error)) return this.backoff.nextMs();
    if (this.limit > 1) {
      this.limit = Math.ceil(this.limit / 2);
      return 1;
    }
    this.attempts += 1;
    if (this.attempts >= MAX_ATTEMPTS) await this.passOver().catch(() => undefined); // It is tried again, and fails again.
    return this.backoff.nextMs();
  }

  private async passOver(): Promise<void> {
    await this.store.asWriter(async (run, position) => {
      const [event] = await this.log.readAcrossTenants(position, 1);
      if (event === undefined) return;
      await this.store.moveTo(run, event.position);
      this.attempts = 0;
      eventsProjected.inc({ outcome: 'passed over' });
      this.logger.error(`the event at position ${event.position} (${event.type}) cannot be taken in: passed over`);
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
