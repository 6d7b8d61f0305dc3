import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { URL_FILE, localUrl, socketAddress } from './common/address.js';
import { exit } from './common/exit.js';
import { createLogger } from './common/logger.js';
import { whenOrphaned } from './common/orphaned.js';
import { redactor } from './common/redaction.js';
import { readEnv, type Env } from './config/env.js';
import { InvalidEnv } from './config/variables.js';
import { secretsOf } from './config/secrets.js';
import { assertDatabaseFits } from './database/database-check.js';
import { EmbeddedPostgres } from './database/embedded-postgres.js';
import { migrate } from './database/migrate.js';
import { EmbeddedPostgresError } from './database/postgres-cluster.js';
import { settleSchema } from './database/schema.js';
import { InvalidSource } from './sources/source.js';
import { WorkerEnded, Workers, whenToldToStop } from './workers.js';

/** A failed start, as one line for the person at the console. */
class StartError extends Error {}

/** How long a start waits for a database that does not answer yet. */
const PATIENCE_MS = 60_000;

/** How to undo what has been started; the last step is undone first. */
type CleanUps = (() => Promise<void>)[];

async function main(): Promise<void> {
  const { variables, restored, newAdminToken } = readArguments();
  const env = await withPort({ ...process.env, ...variables });
  const stop = stopSignal();
  const cleanUps: CleanUps = [];
  try {
    if (restored) return await resume(env, stop, cleanUps);
    if (newAdminToken) return await renewAdminToken(env, stop, cleanUps);
    await serve(env, stop, cleanUps);
    if (!stop.aborted) await once(stop, 'abort');
  } catch (error) {
    // A start that was told to stop may fail in any way: its child processes receive Ctrl-C too.
    if (!stop.aborted) throw error;
  } finally {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  }
}

/** Resolves when requests are answered. Rejects between two steps if it is to stop. */
async function serve(env: Env, stop: AbortSignal, cleanUps: CleanUps): Promise<void> {
  const logger = createLogger(process.stdout.isTTY, secretsOf(env));
  Logger.overrideLogger(logger);
  const hasWorkers = cluster.isPrimary && env.workers > 1;
  if (!hasWorkers) void import('./server.js'); // Loaded while PostgreSQL starts.
  const databaseUrl = cluster.isWorker ? (env.databaseUrl ?? '') : await prepare(env, stop, cleanUps);
  if (hasWorkers) {
    const workers = new Workers(env.workers, { DATABASE_URL: databaseUrl, PORT: String(env.port), WORKERS: '1' });
    cleanUps.push(() => workers.stop());
    return workers.start(stop);
  }
  const { Server } = await import('./server.js');
  const server = await Server.create(env, databaseUrl, logger, process.env['SWITCHBOARD_WORKER'] !== 'next');
  cleanUps.push(() => server.stop());
  const welcome = await server.setUp(stop);
  await server.listen().catch((error: Error) => Promise.reject(portError(env, error)));
  cleanUps.push(() => server.leave());
  sayWhere(env);
  process.stdout.write(welcome);
}

/** Records in the log that its database was restored, and serves nobody. */
async function resume(env: Env, stop: AbortSignal, cleanUps: CleanUps): Promise<void> {
  const databaseUrl = await prepare(env, stop, cleanUps);
  const { resumeLog } = await import('./server.js');
  const after = await resumeLog(env, databaseUrl);
  process.stdout.write(`Numbers go on after ${after}. Readers from before are told log.gap; start Switchboard.\n`);
}

/** For an operator who has no token or wants another. Only its text goes to stdout. The server may run meanwhile. */
async function renewAdminToken(env: Env, stop: AbortSignal, cleanUps: CleanUps): Promise<void> {
  Logger.overrideLogger(['error']);
  const databaseUrl = await openDatabase(env, stop, cleanUps);
  const { makeAdminToken } = await import('./server.js');
  const { path, text } = await makeAdminToken(env, databaseUrl);
  process.stderr.write(`kept in ${path}; those before it go on working: switchboard token list, token revoke\n`);
  process.stdout.write(`${text}\n`);
}

/** Prepares what processes on one machine share. Returns the URL of the database. */
async function prepare(env: Env, stop: AbortSignal, cleanUps: CleanUps): Promise<string> {
  await bindOnce(env);
  return openDatabase(env, stop, cleanUps);
}

/** Prepares the data folder, and the database at its newest migration. Returns its URL. */
async function openDatabase(env: Env, stop: AbortSignal, cleanUps: CleanUps): Promise<string> {
  assertDataDir(env);
  const databaseUrl = env.databaseUrl ?? (await startPostgres(env, stop, cleanUps));
  stop.throwIfAborted();
  const settled = await prepareDatabase(databaseUrl, env, stop);
  stop.throwIfAborted();
  return settled;
}

interface Arguments {
  readonly variables: Record<string, string>;
  readonly restored: boolean;
  readonly newAdminToken: boolean;
}

/** `--workers 2` means `WORKERS=2`; `--restored`: see {@link resume}; `--new-admin-token`: {@link renewAdminToken}. */
function readArguments(): Arguments {
  try {
    const flag = { type: 'boolean', default: false } as const;
    const { values } = parseArgs({ options: { workers: { type: 'string' }, restored: flag, 'new-admin-token': flag } });
    const variables: Record<string, string> = values.workers === undefined ? {} : { WORKERS: values.workers };
    return { variables, restored: values.restored, newAdminToken: values['new-admin-token'] };
  } catch (error) {
    throw new InvalidEnv((error as Error).message);
  }
}

async function startPostgres({ dataDir }: Env, stop: AbortSignal, cleanUps: CleanUps): Promise<string> {
  const postgres = await EmbeddedPostgres.start(dataDir, [], stop);
  cleanUps.push(() => postgres.stop());
  postgres.keep();
  return postgres.url;
}

/** Returns the URL with the schema in it. A server that is there but does not answer yet is waited for. */
async function prepareDatabase(databaseUrl: string, { allowFsyncOff }: Env, stop: AbortSignal): Promise<string> {
  for (const deadline = performance.now() + PATIENCE_MS; ;) {
    try {
      for (const warning of await assertDatabaseFits(databaseUrl, allowFsyncOff)) new Logger('Database').warn(warning);
      const settled = await settleSchema(databaseUrl);
      await migrate(settled);
      return settled;
    } catch (error) {
      const words = (error as Error).message.split('\n')[0];
      if (!isNotYet(error) || performance.now() >= deadline)
        throw new StartError(`the database cannot be used: ${words}`);
      new Logger('Database').warn(`the database does not answer yet (${words}); trying again`);
      await setTimeout(1000, undefined, { signal: stop });
    }
  }
}

/** ETIMEDOUT: it said nothing in time. 57P03, cannot_connect_now: it starts up. */
function isNotYet(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  return code === 'ETIMEDOUT' || code === '57P03' || (cause !== undefined && isNotYet(cause));
}

/** `PORT=0` means any free port. It is chosen first, because addresses are made from it before there is a server. */
async function withPort(variables: Record<string, string | undefined>): Promise<Env> {
  // A worker's DATABASE_URL is complete: libpq's variables of the shell may name another server.
  const shell = cluster.isWorker ? {} : variables;
  const env = readEnv(variables, shell);
  return env.port > 0 ? env : readEnv({ ...variables, PORT: String(await bindOnce(env)) }, shell);
}

/** Checked before anything is started: a port in use is the most common failure. Resolves to the port. */
async function bindOnce(env: Env): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', (error) => reject(portError(env, error)));
    probe.listen(env.port, env.host, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** For the command line of this folder (cli/environment.ts). */
function sayWhere({ dataDir, host, port }: Env): void {
  if (process.env['SWITCHBOARD_WORKER'] !== 'next') writeFileSync(join(dataDir, URL_FILE), `${localUrl(host, port)}\n`);
}

function portError({ port, host }: Env, error: NodeJS.ErrnoException): Error {
  const address = socketAddress(host, port);
  if (error.code === 'EADDRINUSE') return new StartError(`${address} is in use; set PORT to another`);
  return new StartError(`${address} cannot be used (${error.code ?? error.message}); set HOST and PORT`);
}

function assertDataDir({ dataDir }: Env): void {
  try {
    mkdirSync(dataDir, { recursive: true });
    accessSync(dataDir, constants.W_OK);
  } catch (error) {
    throw new StartError(`DATA_DIR ${dataDir} cannot be used (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Aborts at the first signal to stop; a second one ends the process at once. SIGHUP: the terminal was closed. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  if (cluster.isWorker) whenToldToStop(() => stop.abort());
  else whenOrphaned('npm_lifecycle_event' in process.env, () => stop.abort());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return stop.signal;
}

// Nobody reads the output, or its disk is full: the output is lost, and the server goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

main().then(
  () => exit(0),
  (error: unknown) => {
    const expected = [InvalidEnv, InvalidSource, EmbeddedPostgresError, StartError, WorkerEnded].some(
      (kind) => error instanceof kind,
    );
    const message =
      error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(redactor()(`switchboard: ${message}\n`));
    return exit(1);
  },
);
