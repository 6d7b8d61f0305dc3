/**
 * The server as an operator runs it: `node dist/main.js`, a process of its own in a folder of its own, which `npm test`
 * has built before. An {@link Installation} is what outlives a process: folder, port, data; `remove()` leaves nothing
 * behind, no process and no file, whatever the test has done to them.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';
import { stopLater } from './leftovers.js';
import { waitFor } from './wait-for.js';

const MAIN = resolve(import.meta.dirname, '../../dist/main.js');
/** A first start creates a database cluster; on a busy machine that takes its time. */
const READY_MS = 60_000;

type Variables = Record<string, string>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Since the signal, or since the start when none was sent. */
  readonly tookMs: number;
}

export class Installation {
  private readonly processes: ServerProcess[] = [];
  private readonly removed = stopLater(() => this.remove());

  private constructor(
    readonly folder: string,
    readonly port: number,
    private readonly variables: Variables,
  ) {}

  /** A folder and a free port; `variables` hold for every start. Nothing of this process's own environment does. */
  static async create(variables: Variables = {}): Promise<Installation> {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-boot-'));
    return new Installation(folder, await freePort(), variables);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Where the server keeps its data when nobody says otherwise. */
  get dataDir(): string {
    return join(this.folder, '.switchboard');
  }

  /** A file of the data folder, its text trimmed. */
  read(file: string): string {
    return readFileSync(join(this.dataDir, file), 'utf8').trim();
  }

  /** Connection string of the PostgreSQL under the data folder. */
  get postgresUrl(): string {
    const port = this.read('postgres/postmaster.pid').split('\n')[3];
    return `postgresql://switchboard:${this.read('postgres-password')}@127.0.0.1:${port}/switchboard`;
  }

  /** Starts a process and does not wait for it. */
  spawn(variables: Variables = {}, args: readonly string[] = []): ServerProcess {
    const started = new ServerProcess(this, { PORT: String(this.port), ...this.variables, ...variables }, args);
    this.processes.push(started);
    return started;
  }

  /** Starts a process and waits until it is ready. */
  async start(variables: Variables = {}): Promise<ServerProcess> {
    const started = this.spawn(variables);
    await started.ready();
    return started;
  }

  /** As {@link start}, like a supervisor: a very busy machine may not answer its first questions in time. */
  async startAgain(times = 5): Promise<ServerProcess> {
    return this.start().catch((error: Error) => (times > 1 ? this.startAgain(times - 1) : Promise.reject(error)));
  }

  /** The process that runs, or a new one. */
  async running(): Promise<ServerProcess> {
    return this.processes.find((one) => one.alive && one.readyMs > 0) ?? (await this.start());
  }

  /** Kills what runs, PostgreSQL excepted. */
  async stopped(): Promise<void> {
    await Promise.all(this.processes.filter(({ alive }) => alive).map((one) => one.stopBy('SIGKILL')));
  }

  /** Process ids of PostgreSQL (and its tools) on this data folder; a backend goes when its postmaster is gone. */
  async postgresPids(): Promise<number[]> {
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,args=']);
    return stdout
      .split('\n')
      .filter((line) => line.includes(join(this.dataDir, 'postgres')))
      .map((line) => Number.parseInt(line, 10));
  }

  async killPostgres(): Promise<void> {
    const killed = await this.postgresPids();
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    const isGone = async () => !(await this.postgresPids()).some((pid) => killed.includes(pid));
    await waitFor(isGone, 'the end of PostgreSQL');
  }

  /** PostgreSQL takes its pid file away, for which a stop waits, a moment before its process is gone. */
  async postgresGone(): Promise<void> {
    await waitFor(async () => (await this.postgresPids()).length === 0, 'the end of PostgreSQL');
  }

  async remove(): Promise<void> {
    await this.stopped();
    if (existsSync(this.dataDir)) await this.killPostgres();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    this.removed();
  }
}

export class ServerProcess {
  stdout = '';
  stderr = '';
  /** From the start to the first 200 of /readyz; 0 until then. */
  readyMs = 0;
  readonly exited: Promise<Exit>;
  private readonly child: ChildProcess;
  private readonly startedAt = performance.now();
  private signalledAt: number | undefined;

  constructor(
    private readonly installation: Installation,
    variables: Variables,
    args: readonly string[],
  ) {
    // A process group of its own, as a shell gives it: Ctrl-C reaches all of it.
    this.child = spawn(process.execPath, ['--enable-source-maps', MAIN, ...args], {
      cwd: installation.folder,
      env: { PATH: process.env['PATH'], ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    // 'close' comes when the pipes have been read to their end, also by PostgreSQL should it have inherited one.
    this.exited = new Promise((resolve) =>
      this.child.once('exit', (code, signal) => {
        const tookMs = performance.now() - (this.signalledAt ?? this.startedAt);
        const exit = { code, signal, tookMs };
        if (this.child.stdout?.readableEnded && this.child.stderr?.readableEnded) resolve(exit);
        else this.child.once('close', () => resolve(exit));
      }),
    );
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get output(): string {
    return this.stdout + this.stderr;
  }

  /** Waits until /readyz says 200; fails at once when the process ends instead. */
  async ready(): Promise<void> {
    await waitFor(
      async () => {
        if (!this.alive) throw new Error(`the server ended: ${this.output}`);
        return (await statusOf(`${this.installation.url}/readyz`)) === 200;
      },
      'a server that is ready',
      READY_MS,
    );
    this.readyMs = performance.now() - this.startedAt;
  }

  /** To the process alone, as `kill` and a service manager do. */
  signal(name: NodeJS.Signals): void {
    this.signalledAt ??= performance.now();
    this.child.kill(name);
  }

  /** To the process and everything that it started in its group, as Ctrl-C in a terminal does. */
  signalGroup(name: NodeJS.Signals): void {
    this.signalledAt ??= performance.now();
    if (this.child.pid !== undefined) process.kill(-this.child.pid, name);
  }

  /** Resolves when the process has ended. */
  stopBy(name: NodeJS.Signals): Promise<Exit> {
    this.signal(name);
    return this.exited;
  }

  kill9(): Promise<Exit> {
    return this.stopBy('SIGKILL');
  }
}

async function statusOf(url: string): Promise<number> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000), headers: { Connection: 'close' } });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0; // Nobody listens yet.
  }
}
