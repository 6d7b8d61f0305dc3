/**
 * The default bus: PostgreSQL NOTIFY. A wake-up without the durable events (the log has them), with the ephemeral ones
 * while they fit NOTIFY's 8,000 bytes: https://www.postgresql.org/docs/current/sql-notify.html
 * One notification is under way at a time; what is published meanwhile is merged into the next.
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { DATABASE_URL } from '../database/database-url.js';
import { PgListener } from '../database/pg-listener.js';
import { PgPool } from '../database/pg-pool.js';
import { Bus, BusMessage } from './bus.js';

const CHANNEL = 'switchboard';
/** A hint need not survive a crash, so nobody waits until the disk has it; `synchronous_commit` is off for this one only. */
const NOTIFY = `WITH hint AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
  SELECT pg_notify($1, payload) FROM hint, unnest($2::text[]) AS payload`;
/** NOTIFY takes fewer than 8,000 bytes. */
const MAX_PAYLOAD_BYTES = 7900;
/** Control messages waiting for a notification; the database sweep heals what does not fit. */
const MAX_WAITING = 1000;
/** More ephemeral events than this never fit a notification. */
const MAX_EPHEMERAL = 64;

type Appended = Extract<BusMessage, { kind: 'appended' }>;
type Control = Exclude<BusMessage, { kind: 'appended' }>;

@Injectable()
export class PostgresBus extends Bus implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly kind = 'postgres';
  private readonly logger = new Logger('Bus');
  private readonly self = randomUUID();
  private readonly listener: PgListener;
  private appended: Appended | undefined;
  private controls: Control[] = [];
  private sending: Promise<void> | undefined;

  constructor(
    @Inject(DATABASE_URL) databaseUrl: string,
    private readonly pool: PgPool,
  ) {
    super();
    this.listener = new PgListener(databaseUrl, CHANNEL, {
      onNotification: (payload) => this.hear(payload),
      onConnected: () => this.returned.next(),
    });
  }

  get connected(): boolean {
    return this.listener.connected;
  }

  onApplicationBootstrap(): void {
    this.listener.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sending;
    await this.listener.stop();
  }

  protected override send(message: BusMessage): void {
    if (message.kind === 'appended') this.appended = merge(this.appended, message);
    else if (this.controls.length < MAX_WAITING) this.controls.push(message);
    this.sending ??= this.sendAll().finally(() => (this.sending = undefined));
  }

  private async sendAll(): Promise<void> {
    // One turn of the event loop collects what is published together.
    await Promise.resolve();
    while (this.appended !== undefined || this.controls.length > 0) {
      const payloads = this.takePayloads();
      try {
        await this.pool.query(NOTIFY, [CHANNEL, payloads]);
      } catch (error) {
        this.logger.warn(
          `a notification was lost; other processes will find out by themselves: ${(error as Error).message}`,
        );
      }
    }
  }

  private takePayloads(): string[] {
    const messages: BusMessage[] = this.controls.splice(0);
    if (this.appended) messages.unshift(this.appended);
    this.appended = undefined;
    return messages.flatMap((message) => this.encode(message) ?? []);
  }

  /** Undefined for what does not fit: it would take the others of its notification along. */
  private encode(message: BusMessage): string | undefined {
    const text = JSON.stringify({ from: this.self, message });
    if (Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES) return text;
    if (message.kind === 'appended') return JSON.stringify({ from: this.self, message: { ...message, events: [] } });
    this.logger.warn(`a message of ${message.kind} does not fit a notification; other processes will find out late`);
    return undefined;
  }

  private hear(payload: string): void {
    try {
      const { from, message } = JSON.parse(payload) as { from: string; message: BusMessage };
      if (from !== this.self) this.heard.next(message);
    } catch {
      this.logger.warn('a notification on our channel was not ours');
    }
  }
}

/** Two batches as one wake-up; the durable events stay in the log. */
function merge(before: Appended | undefined, next: Appended): Appended {
  const events = [...(before?.events ?? []), ...next.events.filter((event) => event.ephemeral)].slice(-MAX_EPHEMERAL);
  const first = before ? Math.min(before.first, next.first) : next.first;
  const last = before ? Math.max(before.last, next.last) : next.last;
  // With only ephemeral events there is nothing to read: what stands in the message is all.
  return { kind: 'appended', first, last, complete: first > last, events };
}
