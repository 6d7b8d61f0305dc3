/**
 * A bus over a message broker (NATS, Redis Pub/Sub). Every process hears announcements and control messages. The events
 * of a tenant have a subject of their own, which only the processes that follow the tenant hear, so the work of a
 * process depends on its own readers. We rely on nothing that the broker keeps. While it is away, a bounded number of
 * control messages waits; a process that is connected again tells all to look at the log.
 */
import { Logger, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Backoff } from '../common/backoff.js';
import { PgPool } from '../database/pg-pool.js';
import { type Announcement, type Batch, BatchAssembler, type Part, splitBatch } from './batch-parts.js';
import type { BrokerLink, Hear } from './broker-link.js';
import { Bus, type BusMessage } from './bus.js';
import { Follows } from './follows.js';
import { Subjects } from './subjects.js';
import { pause } from '../common/waiting.js';

type Control = Exclude<BusMessage, { kind: 'appended' }>;

/** Control messages that wait for the broker; the database sweep makes up for any that do not fit. */
const MAX_WAITING = 1000;
/** Characters that the broker may not have received yet. Beyond it no events are sent (bounds memory). */
const MAX_UNTAKEN = 16 * 1024 * 1024;
/** How much is sent between two checks that it was received. */
const ASK_EVERY = 256 * 1024;
/** The log holds more than has been announced. */
const LOOK: Announcement = { kind: 'announced', first: 0, last: Number.MAX_SAFE_INTEGER, complete: false, parts: [] };

export abstract class BrokerBus extends Bus implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Bus');
  private readonly self = randomUUID();
  private readonly abort = new AbortController();
  private readonly stopped = new Promise<void>((resolve) => (this.abort.signal.onabort = () => resolve()));
  private readonly assembler = new BatchAssembler();
  private readonly follows = new Follows(
    (tenantId) => this.subscribed?.subscribe(this.subjects?.eventsOf(tenantId) ?? ''),
    (tenantId) => this.subscribed?.unsubscribe(this.subjects?.eventsOf(tenantId) ?? ''),
  );
  private subjects: Subjects | undefined;
  private running: Promise<void> | undefined;
  /** The connection for subscriptions, and the same connection once messages of others reach us by it. */
  private subscribed: BrokerLink | undefined;
  private link: BrokerLink | undefined;
  private controls: Control[] = [];
  private isUntold = false;
  private untaken = 0;
  private asking = false;

  constructor(private readonly pool: PgPool) {
    super();
  }

  /** Rejects if no connection can be made. */
  protected abstract connect(hear: Hear): Promise<BrokerLink>;

  get connected(): boolean {
    return this.link !== undefined;
  }

  override follow(tenantId: string | null): () => void {
    return this.follows.add(tenantId);
  }

  override followAcrossTenants(): () => void {
    return this.follows.add(undefined);
  }

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.abort.abort();
    await this.running;
  }

  protected override send(message: BusMessage): void {
    const { link, subjects } = this;
    const isFree = link !== undefined && subjects !== undefined && this.untaken <= MAX_UNTAKEN;
    if (isFree && message.kind === 'appended') this.sendBatch(link, subjects, message);
    else if (message.kind === 'appended') this.isUntold = true;
    else if (isFree) this.put(link, subjects.all, JSON.stringify(message));
    else if (this.controls.length < MAX_WAITING) this.controls.push(message);
  }

  private sendBatch(link: BrokerLink, subjects: Subjects, batch: Batch): void {
    const { carried, announcement } = splitBatch(batch, link.maxBytes);
    for (const { tenantId, text } of carried) this.put(link, subjects.eventsOf(tenantId), text);
    // Sent behind the parts: a broker keeps the order of one connection.
    if (announcement) this.put(link, subjects.all, JSON.stringify(announcement));
  }

  private put(link: BrokerLink, subject: string, text: string): void {
    link.publish(subject, `${this.self}\n${text}`);
    this.untaken += text.length;
    if (this.untaken < ASK_EVERY || this.asking) return;
    const asked = this.untaken;
    this.asking = true;
    link.flush().then(
      () => {
        if (link !== this.link) return;
        this.asking = false;
        this.untaken -= asked;
        this.sendWaiting(link);
      },
      () => undefined, // The connection is lost, and its count with it.
    );
  }

  private sendWaiting(link: BrokerLink): void {
    for (const control of this.controls.splice(0)) this.send(control);
    if (this.isUntold && this.subjects) this.put(link, this.subjects.all, JSON.stringify(LOOK));
    this.isUntold = false;
  }

  private async run(): Promise<void> {
    const backoff = new Backoff({ firstMs: 100, maxMs: 2000 });
    const { signal } = this.abort;
    while (!signal.aborted) {
      try {
        this.subjects ??= await Subjects.of(this.pool);
        await this.serve(this.subjects, backoff);
        if (!signal.aborted) this.logger.warn('the connection to the bus was lost; the log is polled meanwhile');
      } catch (error) {
        if (!signal.aborted) this.logger.warn(`the bus is away, the log is polled: ${(error as Error).message}`);
      }
      await pause(backoff.nextMs(), signal);
    }
  }

  /** Resolves when the connection was lost or the bus is to stop. */
  private async serve(subjects: Subjects, backoff: Backoff): Promise<void> {
    const { signal } = this.abort;
    const link = await this.connect((subscription, text) => this.hear(subjects, subscription, text));
    try {
      if (signal.aborted) return;
      this.subscribed = link;
      link.subscribe(subjects.all);
      for (const tenantId of this.follows.singly) link.subscribe(subjects.eventsOf(tenantId));
      if (this.follows.all) link.subscribe(subjects.allEvents);
      await Promise.race([
        link.flush(),
        link.lost.then(() => Promise.reject(new Error('the connection broke at once'))),
      ]);
      this.link = link;
      this.untaken = 0;
      this.asking = false;
      backoff.reset();
      this.isUntold = true; // Earlier messages may not have got beyond the old connection.
      this.sendWaiting(link);
      this.returned.next();
      await Promise.race([link.lost, this.stopped]);
    } finally {
      this.subscribed = undefined;
      this.link = undefined;
      await link.close();
    }
  }

  private hear(subjects: Subjects, subscription: string, text: string): void {
    const end = text.indexOf('\n');
    const from = text.slice(0, end);
    if (from === this.self) return;
    // While all tenants are followed, their events come by that subscription, and must not come again by their own.
    if (this.follows.all && subscription !== subjects.all && subscription !== subjects.allEvents) return;
    try {
      const message = JSON.parse(text.slice(end + 1)) as Control | Part | Announcement;
      if (message.kind === 'announced')
        this.heard.next(this.assembler.announced(from, message, (tenantId) => this.follows.has(tenantId)));
      else if (message.kind !== 'part') this.heard.next(message);
      else {
        const batch = this.assembler.take(from, message, text.length);
        if (batch) this.heard.next(batch);
      }
    } catch {
      this.logger.warn('a message on our subject was not ours');
    }
  }
}
