/**
 * Keeps the tables of calls in step with the log. It reads the log by position, in batches, behind the append and never
 * within it. The changes of a batch and the place in the log are committed in one transaction, so a kill anywhere loses
 * or doubles nothing. Every process may project. The one that holds the projection's row does, and the others look
 * again a moment later. So when the holder dies, another process goes on.
 */
import { Injectable, Logger, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { Subscription } from 'rxjs';
import { Bus } from '../../bus/bus.js';
import { Doorbell, pause } from '../../common/waiting.js';
import { Backoff } from '../../common/backoff.js';
import { projectionSeconds } from '../../common/metrics.js';
import type { Run } from '../../database/pg-pool.js';
import type { LoggedEvent } from '../../events/log/event.js';
import { EventLog } from '../../events/log/event-log.js';
import { IngestService } from '../../events/live/ingest.service.js';
import { CallIntake, type Intake } from './call-intake.js';
import { CallStore } from './call-store.js';
import { CallTables } from './call-tables.js';
import { CallsRebuild } from './calls-rebuild.js';
import { ProjectionAttempts } from './projection-attempts.js';

/**
 * Events in one batch. Like the bound on their bytes (events/log/event-log.ts), it bounds memory, and how long an
 * erasure waits.
 */
const BATCH = 1000;
/**
 * While events come in, appends have the first claim on the event loop and the database. So a batch is smaller, and is
 * followed by a rest of several times its duration. Its transaction is short, too: while it is open, PostgreSQL keeps
 * every version of the rows that appends count in, and each append walks past them.
 */
const BUSY_BATCH = 250;
const REST_FACTOR = 3;
/** A request for calls waits for what was committed before, but not long. */
const MAX_REST_MS = 100;
/** How long events gather after a batch that was not full: under load, transactions are fewer and larger. */
const GATHER_MS = 20;
/** How soon to look again while another process projects. */
const BUSY_MS = 50;
/** How often the log is looked at without any announcement: the bus may be away. */
const POLL_MS = 1000;
const ATTEMPTS = 'calls';

@Injectable()
export class CallsProjection implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Calls');
  private readonly doorbell = new Doorbell();
  private readonly backoff = new Backoff({ firstMs: 50, maxMs: 2000 });
  private readonly subscription = new Subscription();
  private running: Promise<void> | undefined;
  private stopped = false;
  private hasMore = false;
  private isCurrent = false;

  constructor(
    private readonly log: EventLog,
    private readonly store: CallStore,
    private readonly tables: CallTables,
    private readonly intake: CallIntake,
    private readonly attempts: ProjectionAttempts,
    private readonly rebuild: CallsRebuild,
    private readonly bus: Bus,
    private readonly ingest: IngestService,
  ) {}

  onApplicationBootstrap(): void {
    this.subscription.add(
      this.bus.messages.subscribe((message) => {
        if (message.kind === 'appended' && message.last >= message.first) this.doorbell.ring();
      }),
    );
    this.subscription.add(this.bus.reconnected.subscribe(() => this.doorbell.ring()));
    this.running = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    this.subscription.unsubscribe();
    this.doorbell.ring();
    await this.running;
  }

  /** Says that there is something to do. */
  wake(): void {
    this.doorbell.ring();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const restMs = await this.step().catch((error: unknown) => this.recover(error));
      if (restMs > 0 && !this.stopped) await (restMs === POLL_MS ? this.doorbell.wait(POLL_MS) : pause(restMs));
    }
  }

  /** One batch, or one step of a rebuild when everything has been read. Returns how long to rest. */
  private async step(): Promise<number> {
    if (!this.isCurrent) await this.rebuild.startIfOlder();
    this.isCurrent = true;
    const { position, head, rebuild } = await this.store.progress();
    if (position >= head && rebuild === null) return POLL_MS;
    const { isBusy } = this.ingest;
    const limit = isBusy ? BUSY_BATCH : BATCH;
    const stopTimer = projectionSeconds.startTimer();
    const isWriter = position < head ? await this.project(head, limit) : await this.rebuild.step(limit);
    const tookMs = stopTimer() * 1000;
    this.backoff.reset();
    if (!isWriter) return BUSY_MS;
    if (isBusy) return Math.min(MAX_REST_MS, Math.max(GATHER_MS, tookMs * REST_FACTOR));
    return this.hasMore || rebuild !== null ? 0 : GATHER_MS;
  }

  /** False when another process writes. */
  private async project(head: number, limit: number): Promise<boolean> {
    const intakes: Intake[] = [];
    const isWriter = await this.store.asWriter(async (run, { position, rebuild }) => {
      // This reads after taking the lock: what was erased before is no longer there.
      const read = await this.log.readAcrossTenants(position, limit);
      // The last positions have no events: these were removed, or never given (events/log/log-lineage.ts).
      if (read.length === 0) return this.store.moveTo(run, Math.max(position, head));
      const begun = { place: String(position), size: read.length };
      await this.attempts.during(run, ATTEMPTS, begun, async (manner) => {
        if (manner === 'quarantine') await this.quarantine(run, read[0]);
        const events = manner === 'whole' ? read : read.slice(0, 1);
        const intake = await this.intake.take(run, events, rebuild?.call);
        const last = events[intake.count - 1];
        if (last !== undefined) await this.store.moveTo(run, last.position);
        this.hasMore = last !== undefined && last.position < head;
        intakes.push(intake);
      });
    });
    intakes.forEach((intake) => this.intake.report(intake));
    return isWriter;
  }

  private async quarantine(run: Run, event: LoggedEvent | undefined): Promise<void> {
    if (!event?.callId) return;
    const { tenantId, callId, position } = event;
    await this.tables.quarantine(run, { tenantId, callId }, position);
    this.logger.error(`the call ${callId} ended the process that took it in: nothing of it is taken in any more`);
  }

  /** A failure here is the database's, or a fault of ours that no event causes. It is tried again. */
  private recover(error: unknown): number {
    if (!this.stopped) this.logger.warn(`a batch failed, trying again: ${(error as Error).message}`);
    return this.backoff.nextMs();
  }
}
