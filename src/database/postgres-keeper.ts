/** Restarts a server that has gone unexpectedly: killed for its memory, or stopped by a full disk. */
import { Logger } from '@nestjs/common';
import { Backoff } from '../common/backoff.js';

/** How often it checks whether the server is there. */
const LOOK_MS = 1000;
/** The wait after a failed start, a little longer each time. */
const LONGEST_WAIT_MS = 30_000;

export class PostgresKeeper {
  private readonly logger = new Logger('PostgreSQL');
  private readonly backoff = new Backoff({ firstMs: LOOK_MS, maxMs: LONGEST_WAIT_MS });
  private timer: NodeJS.Timeout | undefined;
  private starting: Promise<void> | undefined;
  private nextStartAt = 0;

  /** `launch` resolves with the reason why the server did not start. */
  constructor(
    private readonly isRunning: () => boolean,
    private readonly launch: () => Promise<string | undefined>,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** Resolves when no start is running. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.starting;
  }

  private look(): void {
    if (this.isRunning()) this.backoff.reset();
    else if (performance.now() >= this.nextStartAt) this.starting ??= this.startAgain();
  }

  /** Never rejects. Another process that shares the server may have started it first. */
  private async startAgain(): Promise<void> {
    this.logger.error('our own PostgreSQL has stopped; starting it again');
    const failure = await this.launch().catch((error: Error) => error.message);
    this.nextStartAt = performance.now() + this.backoff.nextMs();
    if (failure !== undefined && !this.isRunning()) this.logger.error(failure);
    this.starting = undefined;
  }
}
