/**
 * Sends events again that wait, when their time has come. It also records late answers to events that were sent for the
 * first time.
 */
import { Injectable, Logger, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { moment, momentIn } from '../common/moment.js';
import { Doorbell, untilStopped } from '../common/waiting.js';
import type { LoggedEvent } from '../events/log/event.js';
import { LogReaders } from '../readers/log-readers.js';
import { ReaderPages } from '../readers/reader-pages.js';
import { Disabling } from './disabling.js';
import { DueEvents } from './due-events.js';
import { type Endpoint, WEBHOOK } from './endpoint.js';
import { Endpoints } from './endpoints.js';
import { type Attempt, Sender } from './sender.js';
import { type Report, type WaitingRow, WebhookStore } from './webhook-store.js';

/** How often to look for events that are due, and for those that have to become due, or no longer are. */
const LOOK_MS = 500;
const TIDY_MS = 5000;
/** Attempts that are kept for each endpoint and outcome, and for how long. */
const [KEPT, KEPT_MS] = [1000, 30 * 86_400_000];
const PRUNE_AFTER = 200;
const EXPIRE_MS = 600_000;

@Injectable()
export class Deliveries implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Webhooks');
  private readonly stop = new AbortController();
  private readonly bell = new Doorbell();
  private readonly underWay = new Map<string, { readonly webhookId: string; readonly seq: number }>();
  /** Attempts written since an endpoint's log was last cut. */
  private readonly written = new Map<string, number>();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly readers: LogReaders,
    private readonly pages: ReaderPages,
    private readonly endpoints: Endpoints,
    private readonly sender: Sender,
    private readonly store: WebhookStore,
    private readonly dueEvents: DueEvents,
    private readonly disabling: Disabling,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    await untilStopped(this.running);
  }

  /** An event may be due before the next look. */
  ring(): void {
    this.bell.ring();
  }

  /**
   * What follows from a report: the endpoint answers again, or is sent nothing more. Its log is cut from time to time.
   */
  async after(report: Report): Promise<void> {
    const { webhookId, attempts, doom, hasRecovered } = report;
    const endpoint = this.endpoints.current(webhookId);
    try {
      if (doom !== undefined && endpoint !== undefined) await this.disabling.disable(endpoint, doom);
      if (hasRecovered) await this.store.retrySooner(webhookId, moment());
      const count = (this.written.get(webhookId) ?? 0) + attempts.length;
      this.written.set(webhookId, count);
      if (count < PRUNE_AFTER) return;
      this.written.delete(webhookId);
      await this.store.prune([webhookId], KEPT);
    } catch (error) {
      this.logger.warn(`what follows an attempt comes later: ${(error as Error).message}`);
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.stop;
    let [tidiedAt, expiredAt] = [0, performance.now()];
    while (!signal.aborted) {
      try {
        const shards = this.readers.shardsHere;
        if (performance.now() - tidiedAt > TIDY_MS) {
          tidiedAt = performance.now();
          await this.dueEvents.tidy(shards, moment());
        }
        if (performance.now() - expiredAt > EXPIRE_MS) {
          expiredAt = performance.now();
          while (!signal.aborted && (await this.store.expire(momentIn(-KEPT_MS))));
        }
        const due = shards.length === 0 ? [] : await this.dueEvents.find(shards, moment(), [...this.underWay.values()]);
        for (const row of due) this.begin(row);
      } catch (error) {
        this.logger.warn(`will look for what is due later: ${(error as Error).message}`);
      }
      await this.bell.wait(LOOK_MS, signal);
    }
  }

  private begin(row: WaitingRow): void {
    const key = `${row.webhookId} ${row.seq}`;
    const until = this.readers.signalFor(row.tenantId);
    if (this.underWay.has(key) || until === undefined) return;
    this.underWay.set(key, { webhookId: row.webhookId, seq: row.seq });
    this.retry(row, AbortSignal.any([until, this.stop.signal]))
      .catch((error: unknown) => {
        if (!until.aborted && !this.stop.signal.aborted)
          this.logger.warn(`an event will be sent later: ${(error as Error).message}`);
      })
      .finally(() => this.underWay.delete(key));
  }

  private async retry(row: WaitingRow, until: AbortSignal): Promise<void> {
    const endpoint = await this.endpoints.get(row.webhookId, false);
    if (endpoint?.row.status !== 'active' || endpoint.isDoomed || endpoint.underWay.has(row.seq)) return;
    // It is read when it has its turn: what waits for a turn costs no memory.
    const read = async () => {
      const { events } = await this.pages.after(row.tenantId, row.seq - 1, 1, until);
      const [event] = events;
      // An expired event is gone. In an erased call's place is a tombstone, which the endpoint may or may not want.
      return event?.seq === row.seq && (row.callId === null || endpoint.wants(event)) ? event : undefined;
    };
    endpoint.underWay.add(row.seq);
    try {
      const attempt = await this.sender.attempt(endpoint, read, row.previous, row.tries, until);
      until.throwIfAborted();
      await this.settle(endpoint, { seq: row.seq, callId: row.callId }, attempt, row.tries);
    } finally {
      endpoint.underWay.delete(row.seq);
    }
  }

  /** Writes the result of an attempt on an event that waits. Undefined: there was nothing to send any more. */
  async settle(
    { id: webhookId, row: { tenantId } }: Endpoint,
    { seq, callId }: Pick<LoggedEvent, 'seq' | 'callId'>,
    attempt: Attempt | undefined,
    tries: number,
  ): Promise<void> {
    const endpoint = this.endpoints.current(webhookId);
    const number = seq ?? 0;
    const isDone = attempt === undefined || attempt.row.isDelivered;
    const again = { webhookId, seq: number, tries: tries + 1, nextAt: attempt?.againAt ?? null };
    const report: Report = {
      webhookId,
      attempts: attempt === undefined ? [] : [attempt.row],
      held: [],
      lastSent: undefined,
      again: isDone ? [] : [again],
      done: isDone ? [{ webhookId, seq: number, callId }] : [],
      failures: endpoint?.failures ?? 0,
      doom: attempt?.doom,
      hasRecovered: attempt?.hasRecovered ?? false,
    };
    const stillHeld = await this.store.writeNow([report]);
    if (endpoint !== undefined && isDone) {
      endpoint.waiting = Math.max(0, endpoint.waiting - 1);
      if (callId !== null && !stillHeld.has(`${webhookId} ${callId}`)) endpoint.heldCalls.delete(callId);
      if (report.hasRecovered || endpoint.hasRoom) this.readers.wake({ kind: WEBHOOK, tenantId, name: webhookId });
    }
    await this.after(report);
    if (isDone) this.ring();
  }
}
