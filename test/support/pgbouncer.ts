/**
 * A real PgBouncer in front of the tests' PostgreSQL. Where there is none what needs it is skipped and says so; with CI
 * set that is a failure.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from './free-port.js';
import { waitFor } from './wait-for.js';

/** Debian keeps it where only root looks. */
const PATH = [process.env['PATH'], '/usr/sbin'].join(delimiter);

/** `describe` for what needs PgBouncer. */
export function describeBehindPgBouncer(name: string, tests: () => void): void {
  if (spawnSync('pgbouncer', ['--version'], { env: { PATH }, stdio: 'ignore' }).error === undefined)
    return describe(name, tests);
  if (process.env['CI']) throw new Error('there is no PgBouncer: in CI nothing may be skipped');
  process.stderr.write(`skipped, no PgBouncer: ${name}\n`);
  describe.skip(`${name} (skipped: no PgBouncer)`, tests);
}

export class PgBouncer {
  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly child: ChildProcess,
  ) {}

  /** `settings`: lines of its configuration, besides the mode's. */
  static async start(databaseUrl: string, mode: string, settings: readonly string[] = []): Promise<PgBouncer> {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-pgbouncer-'));
    const port = await freePort();
    const { hostname, port: target, username, password } = new URL(databaseUrl);
    writeFileSync(join(folder, 'users'), `"${username}" "${password}"\n`);
    const lines = ['[databases]', `* = host=${hostname} port=${target}`, '[pgbouncer]', 'listen_addr = 127.0.0.1'];
    lines.push(`listen_port = ${port}`, 'unix_socket_dir =', 'auth_type = scram-sha-256', `pool_mode = ${mode}`);
    lines.push(`auth_file = ${join(folder, 'users')}`, 'default_pool_size = 60', 'logfile =', ...settings);
    writeFileSync(join(folder, 'pgbouncer.ini'), lines.join('\n'));
    for (const file of ['', 'users', 'pgbouncer.ini']) chmodSync(join(folder, file), file === '' ? 0o755 : 0o644);
    // It refuses root, and becomes somebody else.
    const asUser = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
    const child = spawn('pgbouncer', [...asUser, join(folder, 'pgbouncer.ini')], { env: { PATH }, stdio: 'ignore' });
    const bouncer = new PgBouncer(folder, port, child);
    await waitFor(() => {
      if (child.exitCode !== null)
        throw new Error(`PgBouncer ended: ${readFileSync(join(folder, 'pgbouncer.ini'), 'utf8')}`);
      return answers(port);
    }, 'PgBouncer');
    return bouncer;
  }

  /** The way to that database by it. */
  to(databaseUrl: string, query = ''): string {
    const url = new URL(databaseUrl);
    url.host = `127.0.0.1:${this.port}`;
    url.search = query;
    return url.href;
  }

  async stop(): Promise<void> {
    const gone = new Promise((done) => this.child.once('exit', done));
    if (this.child.kill('SIGKILL')) await gone;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
