/**
 * A real nginx with the configuration of deploy/nginx, filled in as its image does, on free ports: one in the clear,
 * one that speaks HTTP/2 by a certificate of its own. Where there is no nginx what needs it is skipped and says so;
 * with CI set that is a failure.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { freePort } from './free-port.js';
import { waitFor } from './wait-for.js';

const DEPLOY = resolve(import.meta.dirname, '../../deploy/nginx');
/** Debian keeps it where only root looks. */
const PATH = [process.env['PATH'], '/usr/sbin'].join(delimiter);

/** A line of the access log. `upstream`, `upstreamStatus`: one a try, separated by commas. */
export interface Access {
  readonly path: string;
  readonly status: number;
  readonly protocol: string;
  readonly connection: number;
  readonly upstream: string;
  readonly upstreamStatus: string;
}

/** `describe` for what needs nginx. */
export function describeBehindNginx(name: string, tests: () => void): void {
  if (spawnSync('nginx', ['-v'], { env: { PATH }, stdio: 'ignore' }).error === undefined) return describe(name, tests);
  if (process.env['CI']) throw new Error('there is no nginx: in CI nothing may be skipped');
  process.stderr.write(`skipped, no nginx: ${name}\n`);
  describe.skip(`${name} (skipped: no nginx)`, tests);
}

export class Nginx {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly tlsPort: number,
  ) {}

  static async create(): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-nginx-'));
    chmodSync(folder, 0o755); // Its workers are another user, when we are root.
    return new Nginx(folder, await freePort(), await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get tlsUrl(): string {
    return `https://127.0.0.1:${this.tlsPort}`;
  }

  /** In place of an authority: it vouches for itself. */
  get certificate(): string {
    return join(this.folder, 'certificate.pem');
  }

  /** `ports`: of the processes behind it, on this machine. `further`: servers besides the one of deploy/nginx. */
  async start(ports: readonly number[], further = ''): Promise<void> {
    copyFileSync(join(DEPLOY, 'nginx.conf'), join(this.folder, 'nginx.conf'));
    mkdirSync(join(this.folder, 'conf.d'));
    const values: Record<string, string> = {
      LISTEN: `127.0.0.1:${this.port}; listen 127.0.0.1:${this.tlsPort} ssl http2`,
      UPSTREAM: ports.map((port) => `server 127.0.0.1:${port} max_fails=1 fail_timeout=2s;`).join(' '),
      RESOLVER: '127.0.0.1',
    };
    const template = readFileSync(join(DEPLOY, 'switchboard.conf.template'), 'utf8');
    const filledIn = template.replace(/\$\{([A-Z]+)\}/g, (whole, name: string) => values[name] ?? whole);
    writeFileSync(join(this.folder, 'conf.d/default.conf'), filledIn);
    writeFileSync(join(this.folder, 'conf.d/here.conf'), this.makeCertificate() + this.temporaryFolders() + further);
    const [stdout, stderr] = ['access.log', 'error.log'].map((name) => openSync(join(this.folder, name), 'a'));
    const args = ['-p', this.folder, '-c', join(this.folder, 'nginx.conf')];
    const child = spawn('nginx', [...args, '-g', `daemon off; pid ${join(this.folder, 'nginx.pid')};`], {
      env: { PATH },
      stdio: ['ignore', stdout ?? 'ignore', stderr ?? 'ignore'],
    });
    this.child = child;
    await waitFor(async () => {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${this.log('error')}`);
      return fetch(`${this.url}/healthz`, { headers: { Connection: 'close' } }).catch(() => undefined);
    }, 'nginx');
  }

  log(name: 'access' | 'error'): string {
    return readFileSync(join(this.folder, `${name}.log`), 'utf8');
  }

  /** Requests that have ended. */
  get accesses(): Access[] {
    const lines = this.log('access').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Access);
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child && child.exitCode === null) {
      const gone = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private makeCertificate(): string {
    const key = join(this.folder, 'key.pem');
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const subject = ['-subj', '/CN=switchboard', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', key, '-out', this.certificate];
    execFileSync('openssl', ['req', ...kind, ...subject, ...files], { stdio: 'ignore' });
    return `ssl_certificate ${this.certificate};\nssl_certificate_key ${key};\n`;
  }

  /** Debian's stand where only root writes. */
  private temporaryFolders(): string {
    return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((kind) => `${kind}_temp_path ${join(this.folder, kind)};\n`)
      .join('');
  }
}
