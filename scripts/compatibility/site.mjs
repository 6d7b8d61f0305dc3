// Two processes of the built product on their own PostgreSQL, whose connection can be cut or made silent.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EmbeddedPostgres } from '../../dist/database/embedded-postgres.js';
import { freePort } from '../../bench/free-port.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const READY_MS = 60_000;

class Way {
  #sockets = new Set();
  #state = 'open';

  async lead(port, host) {
    this.server = createServer((client) => {
      if (this.#state === 'cut') return client.destroy();
      const database = connect(port, host);
      client.pipe(database).pipe(client);
      for (const [one, other] of [
        [client, database],
        [database, client],
      ]) {
        // prettier-ignore
        this.#sockets.add(one);
        one.on('error', () => other.destroy()).on('close', () => (this.#sockets.delete(one), other.destroy()));
        if (this.#state === 'silent') one.pause();
      }
    }).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this.server.address().port;
  }

  cut() {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.destroy();
  }

  fallSilent() {
    this.#state = 'silent';
    for (const socket of this.#sockets) socket.pause();
  }

  open() {
    this.#state = 'open';
    for (const socket of this.#sockets) socket.resume();
  }
}

export class Site {
  database = new Way();
  ports = [];
  #children = [];
  #said = 0;

  static async start() {
    const site = new Site();
    site.folder = mkdtempSync(join(tmpdir(), 'switchboard-site-'));
    site.postgres = await EmbeddedPostgres.start(join(site.folder, 'database'));
    const url = new URL(site.postgres.url);
    const port = await site.database.lead(Number(url.port), url.hostname);
    url.host = `127.0.0.1:${port}`;
    site.url = url.href;
    site.ports = [await freePort(), await freePort()];
    await site.startAll();
    site.admin = readFileSync(join(site.folder, 'data', 'admin-token'), 'utf8').trim();
    await site.ask('POST', '/v1/admin/tenants', { tenant: 'acme' });
    await site.ask('PUT', '/v1/admin/agents/mara/owner', { tenant: 'acme', from: null });
    const { token } = await site.ask('POST', '/v1/admin/tenants/acme/stream-tokens', { ttl: '1h' });
    site.streamPath = `/v1/events?after=0&token=${token}`;
    return site;
  }

  async startAll() {
    for (const index of [0, 1]) await this.#startOne(index);
  }

  async stopAll() {
    await Promise.all([0, 1].map((index) => this.#stopOne(index)));
  }

  async replaceEach() {
    for (const index of [0, 1]) {
      await this.#stopOne(index);
      await this.#startOne(index);
    }
  }

  /** Both are ready, and their database is. */
  async ready() {
    for (const port of this.ports) {
      const deadline = performance.now() + READY_MS;
      const isReady = () => fetch(`http://127.0.0.1:${port}/readyz`).then((answer) => answer.json()).then(({ status }) => status === 'ready', () => false); // prettier-ignore
      while (!(await isReady())) {
        if (performance.now() > deadline) throw new Error(`port ${port} is not ready`);
        await wait(100);
      }
    }
  }

  /** Sends that many events. Resolves to the id of the last one. */
  async say(count) {
    const events = Array.from({ length: count }, () => ({
      event: 'note.added',
      agent: 'mara',
      callId: 'CA_1',
      n: ++this.#said,
    }));
    await this.ask('POST', '/v1/ingest', events);
    return this.#said;
  }

  async ask(method, path, body) {
    const headers = { Authorization: `Bearer ${this.admin}`, 'Content-Type': 'application/json' };
    const answer = await fetch(`http://127.0.0.1:${this.ports[0]}${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async stop() {
    await this.stopAll();
    this.database.cut();
    this.database.server.close();
    await this.postgres.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #startOne(index) {
    const variables = { PORT: String(this.ports[index]), DATABASE_URL: this.url, DATA_DIR: join(this.folder, 'data') };
    const env = {
      PATH: process.env.PATH,
      ...variables,
      SOURCES: 'none',
      TRUST_PROXY: 'loopback',
      DRAIN_SECONDS: '3',
      LEAVE_SECONDS: '3',
    };
    this.#children[index] = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'ignore'] });
    const deadline = performance.now() + READY_MS;
    while (
      !(await fetch(`http://127.0.0.1:${this.ports[index]}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      // prettier-ignore
      if (performance.now() > deadline) throw new Error('a process does not start');
      await wait(100);
    }
  }

  async #stopOne(index) {
    const child = this.#children[index];
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}
