import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { createServer } from 'node:net';
import { createApp } from './app.setup.js';
import { TokenFiles } from './auth/token-files.js';
import { SwitchboardLogger } from './common/console-logger.js';
import { InvalidEnv, readEnv, type Env } from './config/env.js';
import { EmbeddedPostgres, EmbeddedPostgresError } from './database/embedded-postgres.js';
import { assertDatabaseFits } from './database/database-check.js';
import { migrate } from './database/migrate.js';
import { DemoService } from './demo/demo.service.js';
import { InvalidSource } from './sources/source.js';
import { welcome } from './welcome.js';

/** A start that cannot succeed, as one line for the person at the console. */
class StartError extends Error {}

async function main(): Promise<void> {
  const env = readEnv(process.env);
  const logger = new SwitchboardLogger(process.stdout.isTTY);
  Logger.overrideLogger(logger);
  await assertPortIsFree(env);
  let stop = () => Promise.resolve();
  const stopping = onStopSignal(() => stop());
  const postgres = env.databaseUrl === undefined ? await EmbeddedPostgres.start(env.dataDir) : undefined;
  stop = async () => postgres?.stop();
  try {
    const databaseUrl = env.databaseUrl ?? postgres?.url ?? '';
    await prepareDatabase(databaseUrl);
    const app = await createApp(env, databaseUrl, { logger });
    stop = async () => {
      await app.close();
      await postgres?.stop();
    };
    await app.init();
    const admin = await app.get(TokenFiles).ensureAdmin();
    const demo = env.demo ? await app.get(DemoService).setUp() : [];
    await app.listen(env.port, env.host);
    process.stdout.write(welcome(env, admin, demo));
  } catch (error) {
    await stop();
    throw error;
  }
  await stopping;
}

async function prepareDatabase(url: string): Promise<void> {
  try {
    await assertDatabaseFits(url);
    await migrate(url);
  } catch (error) {
    throw new StartError(`the database cannot be used: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** Before anything is started: a port in use is the most common reason not to. */
async function assertPortIsFree({ port, host }: Env): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'is in use; set PORT to another' : `cannot be used (${error.code})`;
      reject(new StartError(`${host}:${port} ${reason}`));
    });
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

/** Resolves after the first SIGINT or SIGTERM has been carried out; a second one ends the process at once. */
function onStopSignal(stop: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let asked = false;
    const onSignal = () => {
      if (asked) process.exit(130);
      asked = true;
      stop().then(resolve, reject);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const expected = [InvalidEnv, InvalidSource, EmbeddedPostgresError, StartError].some(
      (kind) => error instanceof kind,
    );
    const message =
      error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(`switchboard: ${message}\n`);
    process.exit(1);
  },
);
