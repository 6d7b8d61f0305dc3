/**
 * Keeps the tables of calls in step with the log. It reads the log by position, in batches, behind the append and never
 * within it. The changes of a batch and the place in the log are committed in one transaction, so a kill anywhere loses
 * or doubles nothing. Every process may project. The one that holds the projection's row does, and the others look
 * again a moment later. So when the holder dies, another process goes on.
 */
import { Injectable, Logger, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { Subscription } from 'rxjs';
import { Bus } from '../../bus/bus.js';
import { Doorbell, pause, untilStopped } from '../../common/waiting.js';
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
 * Events in one batch, and for how many times its duration the projection rests afterwards. The size, like the bound on
 * the events' bytes (events/log/event-log.ts), bounds memory, and how long an erasure waits.
 */
interface Pace {
  readonly limit: number;
  readonly rest: number;
}

/** When nothing comes in. */
const CALM: Pace = { limit: 1000, rest: 0 };
/**
 * While events come in, appends have the first claim on the event loop and the database. A transaction is short, too:
 * while it is open, PostgreSQL keeps every version of the rows that appends count in, and each append walks past them.
 */
const BESIDE: Pace = { limit: 250, rest: 3 };
/** What has been behind for so long, in ms, catches up, and appends take a little longer. The shortest is first. */
const LATE: readonly (readonly [afterMs: number, Pace])[] = [
  [3000, { limit: 1000, rest: 1 }],
  [8000, { limit: 1000, rest: 0.25 }],
];
/** Nobody waits for a rebuild, but it has to end. */
const REBUILD: Pace = { limit: 1000, rest: 1 };
/** A request for calls waits for what was committed before, but not long. */
const [MIN_REST_MS, MAX_REST_MS] = [20, 100];
/**
 * How long events gather after a batch that was not full, unless a request wants them: a batch has some sixteen
 * statements, and single events would each pay for all of them.
 */
const GATHER_MS = 150;
/** How soon to look again while another process projects. */
const BUSY_MS = 50;
/** How often the log is looked at without any announcement: the bus may be away. */
const POLL_MS = 1000;
const ATTEMPTS = 'calls';

@Injectable()
export class CallsProjection implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Calls');
  private readonly doorbell = new Doorbell();
  /** Rung by who does not want to wait until events have gathered. */
  private readonly urgent = new Doorbell();
  private readonly backoff = new Backoff({ firstMs: 50, maxMs: 2000 });
  private readonly subscription = new Subscription();
  private running: Promise<void> | undefined;
  private stopped = false;
  private hasMore = false;
  /** Since when there has been more than a batch; undefined: there is not. */
  private behindSince: number | undefined;
  /** Beside load, batches and steps of a rebuild take turns. */
  private isRebuildsTurn = false;
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
    this.wake();
    await untilStopped(this.running);
  }

  /** Says that somebody waits for what was committed before. */
  wake(): void {
    this.doorbell.ring();
    this.urgent.ring();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const restMs = await this.step().catch((error: unknown) => this.recover(error));
      if (this.stopped || restMs <= 0) continue;
      if (restMs === POLL_MS) await this.doorbell.wait(POLL_MS);
      else if (restMs === GATHER_MS) await this.urgent.wait(GATHER_MS);
      else await pause(restMs);
    }
  }

  /** One batch or one step of a rebuild. Returns how long to rest. */
  private async step(): Promise<number> {
    if (!this.isCurrent) await this.rebuild.startIfOlder();
    this.isCurrent = true;
    const { position, head, rebuild } = await this.store.progress();
    if (position >= head && rebuild === null) return POLL_MS;
    const isRebuilding = rebuild !== null && (position >= head || this.isRebuildsTurn);
    this.isRebuildsTurn = !isRebuilding;
    const pace = this.pace(isRebuilding);
    const stopTimer = projectionSeconds.startTimer();
    const isWriter = isRebuilding ? await this.rebuild.step(pace.limit) : await this.project(head, pace.limit);
    const tookMs = stopTimer() * 1000;
    this.backoff.reset();
    if (!isWriter) return BUSY_MS;
    this.behindSince = this.hasMore ? (this.behindSince ?? performance.now()) : undefined;
    if (!this.hasMore && rebuild === null) return GATHER_MS;
    return pace.rest === 0 ? 0 : Math.min(MAX_REST_MS, Math.max(MIN_REST_MS, tookMs * pace.rest));
  }

  private pace(isRebuilding: boolean): Pace {
    if (!this.ingest.isBusy) return CALM;
    if (isRebuilding) return REBUILD;
    const behindMs = performance.now() - (this.behindSince ?? Infinity);
    return LATE.findLast(([afterMs]) => behindMs >= afterMs)?.[1] ?? BESIDE;
  }

  /** False when another process writes. */
  private async project(head: number, limit: number): Promise<boolean> {
    const intakes: Intake[] = [];
    const isWriter = await this.store.asWriter(async (run, { position, rebuild }) => {
      // This reads after taking the lock: what was erased before is no longer there.
      const read = await this.log.readAcrossTenants(position, limit);
      // The last positions have no events: these were removed, or never given (events/log/log-lineage.ts).
      this.hasMore = false;
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
