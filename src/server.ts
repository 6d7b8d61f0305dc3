/** The app as a process runs it: from its preparations before the first request to its end. Loaded only when needed. */
import { type INestApplication, Logger } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { createApp } from './app.setup.js';
import { TokenFiles } from './auth/tokens/token-files.js';
import type { createLogger } from './common/logger.js';
import type { Env } from './config/env.js';
import { DemoService } from './demo/demo.service.js';
import { LogLineage } from './events/log/log-lineage.js';
import { ReadinessService } from './health/readiness.js';
import { welcome } from './welcome.js';

/** How long running requests may take after the readers are gone: a silent database answers nobody. */
const STOP_MS = 4_000;

type Log = ReturnType<typeof createLogger>;

export class Server {
  private constructor(
    private readonly app: INestApplication,
    private readonly env: Env,
    private readonly isFirst: boolean,
  ) {}

  /** `isFirst`: the worker that sets up the platform and prints the welcome. */
  static async create(env: Env, databaseUrl: string, logger: Log, isFirst: boolean): Promise<Server> {
    return new Server(await createApp(env, databaseUrl, { logger }), env, isFirst);
  }

  /**
   * Prepares what must exist before the first request and before the sources start. Resolves to what is printed once
   * requests are answered; rejects if `stop` aborts.
   */
  async setUp(stop: AbortSignal): Promise<string> {
    const admin = this.isFirst ? await this.app.get(TokenFiles).ensureAdmin() : undefined;
    // A call belongs to the tenant that owned its agent when it began.
    const demo = this.env.demo && this.isFirst ? await this.app.get(DemoService).setUp() : undefined;
    stop.throwIfAborted();
    await this.app.init();
    return this.isFirst ? welcome(this.env, admin, demo, process.stdout.isTTY) : '';
  }

  /** Resolves when requests are answered. */
  async listen(): Promise<void> {
    await this.app.listen(this.env.port, this.env.host);
  }

  /** Tells balancers that it is leaving, and serves until they have noticed. */
  async leave(): Promise<void> {
    this.app.get(ReadinessService).leave();
    await wait(this.env.leaveMs);
  }

  /** Resolves when the app is closed or its time is up; the end of the process closes the rest. */
  async stop(): Promise<void> {
    const late = wait(this.env.drainMs + STOP_MS, 'late', { ref: false });
    if ((await Promise.race([this.app.close(), late])) === 'late')
      new Logger('Stop').error('what is under way does not end, as when the database does not answer: leaving');
  }
}

/** Makes another admin token in its file; serves nobody. */
export async function makeAdminToken(env: Env, databaseUrl: string): Promise<{ path: string; text: string }> {
  const app = await createApp(env, databaseUrl, { logger: ['error'] });
  try {
    return await app.get(TokenFiles).renewAdmin();
  } finally {
    await app.close();
  }
}

/**
 * Records in the log that its database was restored; serves nobody. Resolves to the position after which numbers go on.
 */
export async function resumeLog(env: Env, databaseUrl: string): Promise<number> {
  const app = await createApp(env, databaseUrl, { logger: ['error'] });
  try {
    return await app.get(LogLineage).resume();
  } finally {
    await app.close();
  }
}
