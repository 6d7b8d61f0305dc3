// nginx and HAProxy as configured in deploy/, and an HAProxy that only checks /readyz, each on a free port of this
// machine.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../bench/free-port.mjs';

const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url));
/** Debian keeps them where only root's PATH looks. */
const PATH = [process.env.PATH, '/usr/sbin'].join(delimiter);

/** A usual configuration: health checks, and the balancer's own error pages. */
const PLAIN = (port, servers) => `
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 30s
frontend all
  bind 127.0.0.1:${port}
  default_backend switchboard
backend switchboard
  balance roundrobin
  option httpchk GET /readyz
  default-server inter 1s fall 2 rise 1 check
${servers.map((one, index) => `  server s${index} 127.0.0.1:${one}`).join('\n')}
`;

export class Balancers {
  urls = {};
  #children = [];

  static async start(ports) {
    const balancers = new Balancers();
    balancers.folder = mkdtempSync(join(tmpdir(), 'switchboard-balancers-'));
    chmodSync(balancers.folder, 0o755);
    await balancers.#nginx(ports);
    await balancers.#haproxy('haproxy', join(DEPLOY, 'haproxy', 'haproxy.cfg'), ports);
    const plain = join(balancers.folder, 'plain.cfg');
    const port = await freePort();
    writeFileSync(plain, PLAIN(port, ports));
    await balancers.#haproxy('haproxy, plain', plain, ports, port);
    return balancers;
  }

  async stop() {
    for (const child of this.#children) {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #nginx(ports) {
    const port = await freePort();
    const { folder } = this;
    mkdirSync(join(folder, 'conf.d'));
    copyFileSync(join(DEPLOY, 'nginx', 'nginx.conf'), join(folder, 'nginx.conf'));
    const values = {
      LISTEN: `127.0.0.1:${port}`,
      UPSTREAM: ports.map((one) => `server 127.0.0.1:${one} max_fails=1 fail_timeout=2s;`).join(' '),
      RESOLVER: '127.0.0.1',
    };
    const template = readFileSync(join(DEPLOY, 'nginx', 'switchboard.conf.template'), 'utf8');
    const filledIn = template.replace(/\$\{([A-Z]+)\}/g, (whole, name) => values[name] ?? whole);
    writeFileSync(join(folder, 'conf.d', 'default.conf'), filledIn);
    const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    writeFileSync(join(folder, 'conf.d', 'here.conf'), kinds.map((kind) => `${kind}_temp_path ${join(folder, kind)};\n`).join('')); // prettier-ignore
    const options = [
      '-p',
      folder,
      '-c',
      join(folder, 'nginx.conf'),
      '-g',
      `daemon off; pid ${join(folder, 'nginx.pid')};`,
    ];
    await this.#run('nginx', 'nginx', options, port, {});
  }

  async #haproxy(name, config, [one, two], port) {
    const listen = port ?? (await freePort());
    const variables = { LISTEN: `127.0.0.1:${listen}`, ONE: `127.0.0.1:${one}`, TWO: `127.0.0.1:${two}` };
    const env = { ...variables, COME_BACK: join(DEPLOY, 'haproxy', 'come-back.http') };
    await this.#run(name, 'haproxy', ['-db', '-f', config], listen, env);
  }

  async #run(name, command, options, port, env) {
    if (spawnSync(command, ['-v'], { env: { PATH } }).error) return console.log(`skipped: there is no ${command}`);
    const child = spawn(command, options, { env: { PATH, ...env }, stdio: 'ignore' });
    this.#children.push(child);
    this.urls[name] = `http://127.0.0.1:${port}`;
    while (
      !(await fetch(`${this.urls[name]}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      // prettier-ignore
      if (child.exitCode !== null) throw new Error(`${name} ended`);
      await wait(100);
    }
  }
}
