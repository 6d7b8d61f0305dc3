/** One connection that LISTENs, kept alive across failures of the database. */
import { Logger } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { Backoff } from '../common/backoff.js';

export interface PgListenerHandlers {
  onNotification(payload: string): void;
  /** After every (re)connect: notifications may have been missed before it. */
  onConnected(): void;
}

export class PgListener {
  private readonly logger = new Logger('PgListener');
  private readonly abort = new AbortController();
  private client: pg.Client | undefined;
  private running: Promise<void> | undefined;
  connected = false;

  constructor(
    private readonly databaseUrl: string,
    private readonly channel: string,
    private readonly handlers: PgListenerHandlers,
  ) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.client?.end().catch(() => undefined); // Already broken: there is nothing left to end.
    await this.running;
  }

  private async run(): Promise<void> {
    const backoff = new Backoff({ firstMs: 100, maxMs: 5000 });
    while (!this.abort.signal.aborted) {
      try {
        await this.listen(backoff);
      } catch (error) {
        if (!this.abort.signal.aborted) this.logger.warn(`not listening: ${(error as Error).message}`);
      }
      this.connected = false;
      await wait(backoff.nextMs(), undefined, { signal: this.abort.signal }).catch(() => undefined); // Aborted: the loop ends.
    }
  }

  /** Resolves when the connection has ended. */
  private async listen(backoff: Backoff): Promise<void> {
    const client = new pg.Client({
      connectionString: this.databaseUrl,
      application_name: 'switchboard-listen',
      connectionTimeoutMillis: 5000,
      keepAlive: true,
    });
    this.client = client;
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve);
      client.on('error', (error) => {
        if (!this.abort.signal.aborted) this.logger.warn(`lost: ${error.message}`);
        resolve();
      });
    });
    // A client that is ended while it connects never settles its `connect`.
    await Promise.race([client.connect(), ended.then(() => Promise.reject(new Error('the connection ended')))]);
    client.on('notification', ({ payload }) => this.handlers.onNotification(payload ?? ''));
    await client.query(`LISTEN ${pg.escapeIdentifier(this.channel)}`);
    this.connected = true;
    backoff.reset();
    this.handlers.onConnected();
    await ended;
    await client.end().catch(() => undefined); // Broken already.
  }
}
