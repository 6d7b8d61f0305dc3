/**
 * A primary and a standby of it, real ones, behind one address: what is asked there goes to whoever is the primary. A
 * standby is a copy of the primary's files, taken while it runs, that follows it.
 * https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { type Cluster, openCluster } from '../../src/database/postgres-cluster.js';
import { migrate } from '../../src/database/migrate.js';
import { query } from './database.js';
import { DatabaseWay } from './database-way.js';
import { freePort } from './free-port.js';
import { waitFor } from './wait-for.js';

interface Server {
  readonly cluster: Cluster;
  readonly url: string;
}

/** Enough WAL for a standby that is copied while events come in. */
const OPTIONS = ['-c wal_keep_size=256MB', '-c fsync=off'];

export class Replicas {
  private standby: Server | undefined;
  private count = 0;

  private constructor(
    private readonly folder: string,
    private primary: Server,
    private readonly way: DatabaseWay,
  ) {}

  static async start(): Promise<Replicas> {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-replicas-'));
    chmodSync(folder, 0o755); // As root, PostgreSQL runs as another user, who must get in.
    const first = join(folder, '0');
    const { url } = await EmbeddedPostgres.start(first, OPTIONS);
    await migrate(url);
    return new Replicas(folder, { cluster: await openCluster(first), url }, await DatabaseWay.to(url));
  }

  /** Where the application asks. */
  get url(): string {
    return this.way.url;
  }

  /** Past the way, whoever it is. */
  get primaryUrl(): string {
    return this.primary.url;
  }

  /** A standby that has all that the primary has, and follows. */
  async follow(): Promise<void> {
    const home = join(this.folder, String(++this.count));
    const [from, to] = [this.primary.cluster.folder, join(home, 'postgres')];
    mkdirSync(home);
    copyFileSync(join(from, '..', 'postgres-password'), join(home, 'postgres-password'));
    const client = new pg.Client({ connectionString: this.primary.url });
    await client.connect();
    await client.query(`SELECT pg_backup_start('standby', true)`);
    execFileSync('cp', ['-a', from, to]);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    await client.end();
    // Written over what was copied, so that they stay the files of PostgreSQL's user.
    for (const name of ['backup_label', 'standby.signal']) copyFileSync(join(to, 'PG_VERSION'), join(to, name));
    execFileSync('chown', [
      '--reference',
      join(to, 'PG_VERSION'),
      join(to, 'backup_label'),
      join(to, 'standby.signal'),
    ]);
    writeFileSync(join(to, 'backup_label'), rows[0]?.labelfile ?? '');
    rmSync(join(to, 'postmaster.pid'), { force: true });
    const { hostname, port, username, password } = new URL(this.primary.url);
    const source = `host=${hostname} port=${port} user=${username} password=${password}`;
    appendFileSync(join(to, 'postgresql.auto.conf'), `primary_conninfo = '${source}'\n`);
    const url = new URL(this.primary.url);
    url.port = String(await freePort());
    this.standby = { cluster: await openCluster(home), url: url.href };
    await this.launch(this.standby, home);
    await this.caughtUp();
  }

  /** From now on the standby learns nothing more. */
  async cutReplication(): Promise<void> {
    await this.caughtUp();
    const url = this.standby?.url ?? '';
    await query(url, `ALTER SYSTEM SET primary_conninfo = ''`);
    await query(url, 'SELECT pg_reload_conf()');
    await waitFor(
      async () => (await query(url, 'SELECT FROM pg_stat_wal_receiver')).length === 0,
      'a standby that is on its own',
    );
  }

  /** The primary is gone at once, with all that it had not told; the standby takes its place. */
  async failOver(): Promise<void> {
    const { primary, standby, way } = this;
    if (standby === undefined) throw new Error('there is no standby');
    way.cut();
    // Its postmaster; what it had under way notices and ends. A stop would let walsenders take seconds.
    const pid = Number(readFileSync(join(primary.cluster.folder, 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    // Before it is promoted already: who asks it then finds a standby.
    way.leadTo(standby.url);
    await standby.cluster.pgCtl('promote', '-w');
    this.primary = standby;
    this.standby = undefined;
    rmSync(join(primary.cluster.folder, '..'), { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  async stop(): Promise<void> {
    this.way.stop();
    for (const server of [this.standby, this.primary])
      await server?.cluster.pgCtl('stop', '-m', 'immediate', '-w').catch(() => undefined); // Gone already.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  private async launch({ cluster, url }: Server, home: string): Promise<void> {
    const settings = ['-c listen_addresses=127.0.0.1', `-c unix_socket_directories=''`, ...OPTIONS];
    const options = [`-p ${new URL(url).port}`, ...settings].join(' ');
    await cluster.pgCtl('start', '-w', '-l', join(home, 'postgres', 'server.log'), '-o', options);
  }

  private async caughtUp(): Promise<void> {
    const [{ lsn } = { lsn: '' }] = await query<{ lsn: string }>(
      this.primary.url,
      'SELECT pg_current_wal_lsn()::text AS lsn',
    );
    const behind = `SELECT FROM pg_last_wal_replay_lsn() AS l WHERE l >= '${lsn}'::pg_lsn`;
    await waitFor(async () => (await query(this.standby?.url ?? '', behind)).length === 1, 'a standby that follows');
  }
}
