/**
 * Hands the log's events to the router, each once, in order, without holes; one tail in each process. It is offered
 * batches. A batch that begins where the tail stands is delivered as it is; after any other the tail reads the log. So
 * an offer may be lost, repeated or out of order.
 *
 * An ephemeral event says after which position it came in, on any process, and waits until the tail has got there. If
 * it is too late for its place, it is still delivered, unless a later event of its own call has gone out. Nothing
 * overtakes within a call; the order between calls does not matter.
 *
 * A bus with a subject for each tenant leaves out tenants that nobody here reads ({@link Bus.follow}); the tail moves
 * over their events. A reader that begins later looks at the log after it registered, and finds there what was left
 * out.
 *
 * If a call is erased while its events are on their way, they are read from the log again, where its tombstones stand.
 */
import { LRUCache } from 'lru-cache';
import { Injectable, Logger, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Observable, Subject, Subscription } from 'rxjs';
import { Bus, BusMessage } from '../../bus/bus.js';
import { Backoff } from '../../common/backoff.js';
import { ephemeralDropped } from '../../common/metrics.js';
import { Rounds } from '../../common/rounds.js';
import { Traffic } from '../../database/traffic.js';
import { RecentlyErased } from '../log/recently-erased.js';
import { EventLog } from '../log/event-log.js';
import { callKey, type LoggedEvent } from '../log/event.js';
import { LogLineage } from '../log/log-lineage.js';
import { EarlyEvents } from './early-events.js';
import { EventRouter } from './event-router.js';
import { Interval, pause } from '../../common/waiting.js';

type Batch = Extract<BusMessage, { kind: 'appended' }>;

/** Rows in one read of the log; bounds memory. */
const PAGE_ROWS = 1000;
/** Batches that may wait while the log is read. The events of any further batch are read from the log too. */
const MAX_WAITING = 1000;
/** Calls whose last position is remembered, so that late ephemeral events do not overtake. */
const MAX_CALLS = 10_000;
/** How often the log's head is looked at, for events that were not announced, also while the bus is away. */
const POLL_MS = 1000;

@Injectable()
export class EventTail implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('EventTail');
  private readonly abort = new AbortController();
  private readonly lag = new TailLag();
  private readonly lastOfCall = new LRUCache<string, number>({ max: MAX_CALLS });
  private readonly early = new EarlyEvents();
  private waiting: Batch[] = [];
  private readonly catchingUp = new Rounds(() => this.workOff());
  private subscription: Subscription | undefined;
  private readonly polling = new Interval(POLL_MS, () => this.lookForUnheard());
  private delivered = 0;
  private readonly foundRestored = new Subject<void>();
  /** The database was restored from a backup while this process ran. Emitted before any event of the other history. */
  readonly restored: Observable<void> = this.foundRestored;
  private readonly handedOn = new Subject<LoggedEvent>();
  /** Every durable event once the router has it, in order; of followed tenants none is missing ({@link Bus.follow}). */
  readonly passed: Observable<LoggedEvent> = this.handedOn;
  /** The tail's position at the last look, if it was behind the head then. */
  private stoodAt: number | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly router: EventRouter,
    private readonly bus: Bus,
    private readonly erased: RecentlyErased,
    private readonly lineage: LogLineage,
    private readonly traffic: Traffic,
  ) {}

  /** The last position that was delivered. */
  get position(): number {
    return this.delivered;
  }

  /** For how long the log has had events that were not delivered yet, in ms, as of the last look at the log. */
  get behindMs(): number {
    return this.lag.behindMs(this.delivered, performance.now());
  }

  async onApplicationBootstrap(): Promise<void> {
    this.delivered = await this.log.headPosition();
    this.subscription = this.bus.messages.subscribe((message) => {
      if (message.kind === 'appended') this.offer(message);
    });
    this.subscription.add(this.bus.reconnected.subscribe(() => this.offer(this.lookAgain())));
    this.polling.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.polling.stop();
    this.subscription?.unsubscribe();
    this.abort.abort();
    await this.catchingUp.idle();
  }

  offer(batch: Batch): void {
    if (!this.catchingUp.isWorking && this.fits(batch)) {
      this.deliverAll(batch);
      return;
    }
    if (batch.first > batch.last) return this.deliverInPlace(batch.events as readonly LoggedEvent[]);
    if (this.waiting.length < MAX_WAITING) this.waiting.push(batch);
    else this.waiting[MAX_WAITING - 1] = this.lookAgain();
    this.catchingUp.start();
  }

  /**
   * Nobody announces an append whose answer was lost, or the last commit of a killed process. So if the tail has not
   * moved for a whole interval while the head is further on, it reads the log. Under load this never happens.
   */
  private async lookForUnheard(): Promise<void> {
    const head = await this.log.headPosition().catch(() => 0); // The database is away: there is nothing to see.
    this.lag.sawHead(head, this.delivered, performance.now());
    const behind = head > this.delivered;
    if (behind && (this.stoodAt === this.delivered || !this.bus.connected)) this.offer(this.lookAgain());
    this.stoodAt = behind ? this.delivered : undefined;
  }

  private lookAgain(): Batch {
    return { kind: 'appended', first: 0, last: Number.MAX_SAFE_INTEGER, complete: false, events: [] };
  }

  private fits(batch: Batch): boolean {
    return batch.complete && batch.first === this.delivered + 1 && !this.erased.concerns(batch.events);
  }

  private async workOff(): Promise<void> {
    for (let batch = this.waiting.shift(); batch !== undefined; batch = this.waiting.shift()) {
      if (this.fits(batch)) this.deliverAll(batch);
      else await this.readUpTo(batch);
      if (this.abort.signal.aborted) return;
    }
  }

  private deliverAll(batch: Batch): void {
    for (const event of batch.events) this.deliver(event as LoggedEvent);
    this.moveTo(batch.last);
  }

  /** Delivers ephemeral events that are due at once. The others wait for the tail to get to their positions. */
  private deliverInPlace(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      if (event.position <= this.delivered) this.deliver(event);
      else this.early.add(event);
    }
  }

  private moveTo(position: number): void {
    for (const event of this.early.takeUntil(position)) this.deliver(event);
    if (position > this.delivered) this.traffic.eventsCame();
    this.delivered = position;
  }

  /** Reads the log up to the batch's last position or its end, and delivers its ephemeral events at their places. */
  private async readUpTo(batch: Batch): Promise<void> {
    this.deliverInPlace((batch.events as readonly LoggedEvent[]).filter((event) => event.ephemeral));
    const backoff = new Backoff({ firstMs: 50, maxMs: 2000 });
    while (this.delivered < batch.last && !this.abort.signal.aborted) {
      try {
        const rows = await this.readPage();
        for (const row of rows) {
          if (row.position > this.delivered + 1) await this.lookIfRestored();
          this.deliver(row);
          this.moveTo(row.position);
        }
        if (rows.length === 0) await this.lookIfRestored();
        if (rows.length === 0) break;
      } catch (error) {
        this.logger.warn(`cannot read the log, trying again: ${(error as Error).message}`);
        await pause(backoff.nextMs(), this.abort.signal);
      }
    }
  }

  /**
   * Positions have a hole where retention was faster than the tail, or after a restore while this process ran. After a
   * restore, streams have to end before any event of the other history reaches them.
   */
  private async lookIfRestored(): Promise<void> {
    const resumedAfter = await this.lineage.resumedAfter();
    if (resumedAfter <= this.delivered) return;
    this.foundRestored.next();
    this.delivered = resumedAfter;
  }

  private async readPage(): Promise<LoggedEvent[]> {
    const rows = await this.log.readAcrossTenants(this.delivered, PAGE_ROWS);
    return this.erased.concerns(rows) ? this.log.readAcrossTenants(this.delivered, PAGE_ROWS) : rows;
  }

  private deliver(event: LoggedEvent): void {
    if (event.ephemeral) {
      if (this.erased.concerns([event])) return;
      if (this.isOvertaken(event)) return ephemeralDropped.inc({ reason: 'late' });
    } else {
      // What is missing before this event (a later part of its batch, or a hole) is no reason to wait.
      for (const early of this.early.takeUntil(event.position - 1)) this.deliver(early);
      if (event.callId !== null) this.lastOfCall.set(callKey(event.tenantId, event.callId), event.position);
    }
    this.router.deliver(event);
    if (!event.ephemeral) this.handedOn.next(event);
  }

  /** True when a later event of its call has gone out. */
  private isOvertaken({ tenantId, callId, position }: LoggedEvent): boolean {
    return callId !== null && (this.lastOfCall.get(callKey(tenantId, callId)) ?? 0) > position;
  }
}

/** Notes that are kept, one for each look. If there are more, the lag still grows with the oldest one. */
const MAX_NOTES = 600;

/**
 * For how long the log has been ahead of what was delivered. Each look notes where the head was; a note is forgotten
 * when that position has been delivered. The oldest note that is left gives the lag.
 */
export class TailLag {
  private notes: { readonly head: number; readonly at: number }[] = [];

  /** Takes the log's head at a time (in ms), and the position that was delivered last. */
  sawHead(head: number, delivered: number, at: number): void {
    this.forget(delivered);
    if (head > Math.max(delivered, this.notes.at(-1)?.head ?? 0) && this.notes.length < MAX_NOTES)
      this.notes.push({ head, at });
  }

  /** In ms; 0 when everything up to the noted heads has been delivered. */
  behindMs(delivered: number, now: number): number {
    this.forget(delivered);
    const oldest = this.notes[0];
    return oldest === undefined ? 0 : Math.max(0, now - oldest.at);
  }

  private forget(delivered: number): void {
    while (this.notes[0] !== undefined && this.notes[0].head <= delivered) this.notes.shift();
  }
}
