/**
 * The default bus: PostgreSQL NOTIFY. It carries the ephemeral events, and wake-ups without the durable ones (they are
 * in the log), in as many notifications as needed. One round of them runs at a time; what is published meanwhile goes
 * with the next.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { ephemeralDropped } from '../common/metrics.js';
import { DATABASE_URL } from '../database/database-url.js';
import { PgListener } from '../database/pg-listener.js';
import { PgPool } from '../database/pg-pool.js';
import { Rounds } from '../common/rounds.js';
import { schemaOf } from '../database/schema.js';
import { SharedRoom } from '../common/shared-room.js';
import { Bus, type BusEvent, BusMessage } from './bus.js';
import { NoticeReader, noticesOf } from './notices.js';

/**
 * A hint need not survive a crash, so nobody waits for the disk; `synchronous_commit` is off for this connection only.
 */
const NOTIFY = `WITH hint AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
  SELECT pg_notify($1, payload) FROM hint, unnest($2::text[]) AS payload`;
/** Control messages that wait for a notification; the database sweep makes up for any that do not fit. */
const MAX_WAITING = 1000;
/** UTF-16 units of ephemeral events that may wait for the running round: of all tenants, and of one. */
const MAX_LENGTH = 2 * 1024 * 1024;
const MAX_LENGTH_OF_TENANT = 512 * 1024;
/** The usual size of a message of ephemeral events; one more event may exceed it. */
const MESSAGE_LENGTH = 4 * 1024;

type Appended = Extract<BusMessage, { kind: 'appended' }>;
type Control = Exclude<BusMessage, { kind: 'appended' }>;

@Injectable()
export class PostgresBus extends Bus implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly kind = 'postgres';
  private readonly logger = new Logger('Bus');
  private readonly self = randomUUID();
  private readonly channel: string;
  private readonly listener: PgListener;
  private readonly notices = new NoticeReader();
  /** How far the log has grown. */
  private grown: Appended | undefined;
  private ephemeral: BusEvent[] = [];
  private readonly room = new SharedRoom({ all: MAX_LENGTH, each: MAX_LENGTH_OF_TENANT });
  private controls: Control[] = [];
  private readonly sending = new Rounds(() => this.sendAll());

  constructor(
    @Inject(DATABASE_URL) databaseUrl: string,
    private readonly pool: PgPool,
  ) {
    super();
    this.channel = channelOf(databaseUrl);
    this.listener = new PgListener(databaseUrl, this.channel, {
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
    await this.sending.idle();
    await this.listener.stop();
  }

  protected override send(message: BusMessage): void {
    if (message.kind === 'appended') this.collect(message);
    else if (this.controls.length < MAX_WAITING) this.controls.push(message);
    this.sending.start();
  }

  private collect({ first, last, events }: Appended): void {
    for (const event of events) {
      if (!event.ephemeral) continue;
      if (this.room.take(event.tenantId, event.data.length)) this.ephemeral.push(event);
      else ephemeralDropped.inc({ reason: 'no-room' });
    }
    if (first > last) return;
    const before = this.grown ?? { first, last };
    const span = { first: Math.min(before.first, first), last: Math.max(before.last, last) };
    this.grown = { kind: 'appended', ...span, complete: false, events: [] };
  }

  private async sendAll(): Promise<void> {
    // Collects what is published in one turn of the event loop.
    await Promise.resolve();
    for (let notices = this.takeNotices(); notices.length > 0; notices = this.takeNotices()) {
      try {
        await this.pool.query(NOTIFY, [this.channel, notices]);
      } catch (error) {
        this.logger.warn(
          `a notification was lost; other processes will find out by themselves: ${(error as Error).message}`,
        );
      }
    }
  }

  /**
   * Rights first. A message about the log comes behind its ephemeral events: they wait for their place there, not for a
   * round.
   */
  private takeNotices(): string[] {
    const events = this.ephemeral.splice(0);
    for (const { tenantId, data } of events) this.room.give(tenantId, data.length);
    const messages: BusMessage[] = [...this.controls.splice(0), ...messagesOf(events)];
    if (this.grown) messages.push(this.grown);
    this.grown = undefined;
    return messages.flatMap((message) => noticesOf(this.self, message));
  }

  private hear(payload: string): void {
    try {
      const notice = this.notices.read(payload);
      if (notice !== undefined && notice.from !== this.self) this.heard.next(notice.message);
    } catch {
      this.logger.warn('a notification on our channel was not ours');
    }
  }
}

/**
 * Channels belong to the whole database, so installations in other schemas use other channels. A channel's name is
 * short (63 bytes).
 */
function channelOf(databaseUrl: string): string {
  const { schema = 'public' } = schemaOf(databaseUrl);
  return schema === 'public'
    ? 'switchboard'
    : `switchboard ${createHash('sha256').update(schema).digest('hex').slice(0, 24)}`;
}

/** Ephemeral events only: the message holds all of it, and there is nothing to read. */
function messagesOf(events: readonly BusEvent[]): Appended[] {
  const messages: Appended[] = [];
  let start = 0;
  let length = 0;
  for (const [index, { data, position }] of events.entries()) {
    length += data.length;
    if (length < MESSAGE_LENGTH && index < events.length - 1) continue;
    const part = events.slice(start, index + 1);
    messages.push({ kind: 'appended', first: position + 1, last: position, complete: true, events: part });
    start = index + 1;
    length = 0;
  }
  return messages;
}
