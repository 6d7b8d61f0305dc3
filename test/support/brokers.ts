/**
 * Real brokers for the tests: NATS_URL or REDIS_URL names a server that runs; else `nats-server` and `redis-server`
 * from PATH, on a free port and a folder of their own, which a test may kill, wipe and start again. Where there is
 * neither, what needs one is skipped and says so; with CI set that is a failure.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { Redis } from 'ioredis';
import type { Certificate } from './certificate.js';
import { waitFor } from './wait-for.js';

export type BrokerKind = 'nats' | 'redis';

const COMMANDS: Record<
  BrokerKind,
  (port: number, folder: string, tls?: Certificate, monitor?: number) => [string, string[]]
> = {
  nats: (port, folder, tls, monitor) => [
    'nats-server',
    [
      '-a',
      '127.0.0.1',
      '-p',
      String(port),
      '-js',
      '-sd',
      folder,
      ...(tls ? ['--tls', '--tlscert', tls.cert, '--tlskey', tls.key] : []),
      ...(monitor ? ['-m', String(monitor)] : []),
    ],
  ],
  redis: (port, folder, tls) => [
    'redis-server',
    [
      '--bind',
      '127.0.0.1',
      ...(tls
        ? ['--port', '0', '--tls-port', String(port), '--tls-cert-file', tls.cert, '--tls-key-file', tls.key]
        : ['--port', String(port)]),
      ...(tls ? ['--tls-auth-clients', 'no'] : []),
      '--dir',
      folder,
      '--appendonly',
      'yes',
      '--save',
      '',
      '--appendfsync',
      'always',
    ],
  ],
};

/** `it` and `describe` where the tests have that broker. `needsOwn`: one that may be killed. */
export function withBroker(kind: BrokerKind, needsOwn = true): boolean {
  const variable = kind === 'nats' ? 'NATS_URL' : 'REDIS_URL';
  if (!needsOwn && process.env[variable]) return true;
  const [command] = COMMANDS[kind](0, '');
  if (spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined) return true;
  const reason = `there is no ${command} on PATH${needsOwn ? '' : `, and ${variable} is not set`}`;
  if (process.env['CI']) throw new Error(`${reason}: in CI nothing may be skipped`);
  process.stderr.write(`skipped: what needs ${kind}, for ${reason}\n`);
  return false;
}

/** `describe` for what needs a broker. */
export function describeWithBroker(kind: BrokerKind, name: string, tests: () => void): void {
  if (withBroker(kind)) describe(name, tests);
  else describe.skip(`${name} (skipped: no ${COMMANDS[kind](0, '')[0]} on PATH)`, tests);
}

/** `it` for what needs both brokers. */
export function itWithBrokers(name: string, test: () => Promise<void>): void {
  if (withBroker('nats') && withBroker('redis')) it(name, test);
  else it.skip(`${name} (skipped: no nats-server or no redis-server on PATH)`, test);
}

export class Broker {
  private child: ChildProcess | undefined;

  private constructor(
    readonly kind: BrokerKind,
    private readonly port: number,
    /** Of NATS: where it tells what it does, by HTTP. */
    readonly monitorPort: number,
    private folder: string,
    private readonly tls?: Certificate,
    /** Of NATS: what stands in its configuration file. */
    private readonly config?: string,
  ) {}

  /** A server of one's own; with a certificate it speaks TLS only. */
  static async start(kind: BrokerKind, tls?: Certificate, config?: string): Promise<Broker> {
    const folder = mkdtempSync(join(tmpdir(), `switchboard-${kind}-`));
    const broker = new Broker(kind, await freePort(), await freePort(), folder, tls, config);
    await broker.restart();
    return broker;
  }

  get url(): string {
    const scheme = this.tls === undefined ? this.kind : this.kind === 'nats' ? 'tls' : 'rediss';
    return `${scheme}://127.0.0.1:${this.port}`;
  }

  /** How many subscriptions bring somebody the events of a tenant: to that tenant's alone, or to all. */
  async subscriptionsTo(tenantId: string): Promise<number> {
    const end = `.events.${tenantId}`;
    if (this.kind === 'redis') {
      const redis = new Redis(this.url);
      const [own, all] = await Promise.all([redis.pubsub('CHANNELS', `*${end}`), redis.pubsub('NUMPAT')]);
      redis.disconnect();
      return own.length + Number(all);
    }
    const answer = await fetch(`http://127.0.0.1:${this.monitorPort}/connz?subs=1`);
    const { connections } = (await answer.json()) as { connections: { subscriptions_list?: string[] }[] };
    const subjects = connections.flatMap((one) => one.subscriptions_list ?? []);
    return subjects.filter((subject) => subject.endsWith(end) || subject.endsWith('.events.*')).length;
  }

  async restart(): Promise<void> {
    const [command, args] = COMMANDS[this.kind](this.port, this.folder, this.tls, this.monitorPort);
    const file = join(this.folder, 'server.conf');
    if (this.config !== undefined) writeFileSync(file, this.config);
    this.child = spawn(command, this.config === undefined ? args : ['-c', file, ...args], { stdio: 'ignore' });
    await waitFor(() => answers(this.port), `${command} on port ${this.port}`);
  }

  /** kill -9; `wipe` loses what it had on disk, too. */
  async kill({ wipe = false } = {}): Promise<void> {
    const { child } = this;
    if (child && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    if (!wipe) return;
    rmSync(this.folder, { recursive: true, force: true });
    this.folder = mkdtempSync(join(tmpdir(), `switchboard-${this.kind}-`));
  }

  /** It goes back to the disk that it has now when the returned function is called, and is killed for each of both. */
  async backUp(): Promise<() => Promise<void>> {
    const copy = `${this.folder}.copy`;
    await this.kill();
    cpSync(this.folder, copy, { recursive: true });
    await this.restart();
    return async () => {
      await this.kill();
      rmSync(this.folder, { recursive: true });
      cpSync(copy, this.folder, { recursive: true });
      rmSync(copy, { recursive: true });
      await this.restart();
    };
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isUp: boolean) => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
