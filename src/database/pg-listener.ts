/**
 * One connection that LISTENs, kept alive across failures of the database. It may be silent for hours, so silence alone
 * says nothing. It therefore sends a notice of its own, which has to come back. If the notice does not, the connection
 * is useless, whoever is at fault: it is cut, and a new one is made.
 */
import { Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { Backoff } from '../common/backoff.js';
import { DatabaseClient } from './database-client.js';
import { Ways, wordsOf } from './ways.js';
import { cameInTime, pause } from '../common/waiting.js';

/** How often the connection is tried, and how long a notice may take to come back: together less than 5 s. */
const BEAT_MS = 1500;
const ANSWER_MS = 3000;
/** How long the server's goodbye may take. */
const GOODBYE_MS = 500;

export interface PgListenerHandlers {
  onNotification(payload: string): void;
  /** After every (re)connect: notifications may have been missed before it. */
  onConnected(): void;
}

/** A connection that is being made or used; `ended` resolves when it is gone. */
interface Link {
  readonly client: DatabaseClient;
  readonly socket: Socket;
  readonly ended: Promise<void>;
}

export class PgListener {
  private readonly logger = new Logger('PgListener');
  private readonly ways: Ways;
  private readonly abort = new AbortController();
  private readonly stopped = new Promise<void>((resolve) => (this.abort.signal.onabort = () => resolve()));
  /** A channel for our own notices, so that they wake nobody else. */
  private readonly ownChannel = `switchboard-${randomUUID()}`;
  private onBeat: () => void = () => undefined;
  private running: Promise<void> | undefined;
  connected = false;

  constructor(
    databaseUrl: string,
    private readonly channel: string,
    private readonly handlers: PgListenerHandlers,
  ) {
    this.ways = Ways.to(databaseUrl);
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const backoff = new Backoff({ firstMs: 100, maxMs: 5000 });
    while (!this.abort.signal.aborted) {
      try {
        await this.ways.reach(() => this.use(backoff));
      } catch (error) {
        if (!this.abort.signal.aborted) this.logger.warn(`not listening: ${wordsOf(error)}`);
      }
      await pause(backoff.nextMs(), this.abort.signal);
    }
  }

  /** One connection, from its beginning to its end. */
  private async use(backoff: Backoff): Promise<void> {
    const link = this.open();
    try {
      await this.listen(link, backoff);
    } finally {
      this.connected = false;
      // A connection that is silent, or not yet made, cannot say goodbye.
      await cameInTime(link.client.end(), GOODBYE_MS);
      link.socket.destroy();
    }
  }

  private open(): Link {
    const socket = new Socket();
    const options = { name: 'switchboard-listen', keepAlive: true, stream: () => socket };
    const client = new DatabaseClient({ ways: this.ways, ...options });
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve);
      client.on('error', (error) => {
        if (!this.abort.signal.aborted) this.logger.warn(`lost: ${error.message}`);
        resolve();
      });
    });
    return { client, socket, ended };
  }

  /** Resolves when the connection has ended or is to end. Throws if it cannot be made or does not answer. */
  private async listen({ client, ended }: Link, backoff: Backoff): Promise<void> {
    const over = Promise.race([ended, this.stopped]);
    // A client that is ended while it connects never settles its `connect`.
    const ready = client.connect().then(() => client.prepare());
    await Promise.race([ready, over.then(() => Promise.reject(new Error('the connection ended')))]);
    client.on('notification', ({ channel, payload }) => {
      if (channel === this.ownChannel) this.onBeat();
      else this.handlers.onNotification(payload ?? '');
    });
    const channels = [this.channel, this.ownChannel].map((channel) => `LISTEN ${pg.escapeIdentifier(channel)}`);
    if (!(await this.beats(client, channels.join(';')))) throw new Error('the database does not answer');
    this.connected = true;
    backoff.reset();
    this.handlers.onConnected();
    while (!(await isOver(over, BEAT_MS)))
      if (!(await this.beats(client))) throw new Error('the connection has fallen silent');
  }

  /** True if our own notice comes back in time. */
  private async beats(client: DatabaseClient, before = ''): Promise<boolean> {
    const heard = new Promise<void>((resolve) => (this.onBeat = resolve));
    const said = client.query(`${before};NOTIFY ${pg.escapeIdentifier(this.ownChannel)}`);
    return cameInTime(Promise.race([Promise.all([said, heard]), this.stopped]), ANSWER_MS);
  }
}

async function isOver(over: Promise<void>, ms: number): Promise<boolean> {
  const abort = new AbortController();
  const pause = wait(ms, false, { signal: abort.signal }).catch(() => true);
  const result = await Promise.race([over.then(() => true), pause]);
  abort.abort();
  return result;
}
