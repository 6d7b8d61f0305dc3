/**
 * Several Switchboards on one database, each a process, for a script that measures them: an embedded PostgreSQL, a
 * temporary folder, an operator's API. Whatever happens, none of it stays behind.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { EmbeddedPostgres } from '../../dist/database/embedded-postgres.js';
import { freePort } from '../../bench/free-port.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const PRELOAD = new URL('report-memory.mjs', import.meta.url).href;
const START_MS = 60_000;
const UNLIMITED = 1_000_000;

/** One process. `port` is where it listens, `child.pid` who it is. */
class Server {
  constructor(child, port, folder) {
    this.child = child;
    this.port = port;
    this.folder = folder;
    this.url = `http://127.0.0.1:${port}`;
    this.exited = once(child, 'exit');
  }

  async ready() {
    for (const end = performance.now() + START_MS; performance.now() < end; await wait(50)) {
      if (this.child.exitCode !== null) break;
      if (await fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false)) return; // prettier-ignore
    }
    throw new Error(`Switchboard did not start; see ${this.folder}`);
  }

  /** `process.memoryUsage()` after a full collection, in bytes. */
  async memory() {
    this.child.send('memory');
    const [usage] = await once(this.child, 'message');
    return usage;
  }

  /** Its open files and sockets. */
  handles() {
    return readdirSync(`/proc/${this.child.pid}/fd`).length;
  }

  async end() {
    this.child.kill('SIGTERM');
    await this.exited;
  }
}

export class Fleet {
  #folder = mkdtempSync(join(tmpdir(), 'switchboard-fleet-'));
  #postgres;
  servers = [];

  /**
   * `processes` Switchboards with these `variables` and arguments of node; resolves when all are ready. They end with
   * this process, too.
   */
  static async start({ processes = 1, variables = {}, execArgv = [] } = {}) {
    const fleet = new Fleet();
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void fleet.end().then(() => process.exit(130)));
    process.once('uncaughtException', (error) => {
      console.error(error);
      void fleet.end().then(() => process.exit(1));
    });
    try {
      await fleet.#start(processes, variables, execArgv);
      return fleet;
    } catch (error) {
      await fleet.end();
      throw error;
    }
  } // prettier-ignore

  async #start(processes, variables, execArgv) {
    chmodSync(this.#folder, 0o755); // As root, PostgreSQL runs as another user, who must have access.
    this.#postgres = await EmbeddedPostgres.start(this.#folder);
    for (let index = 0; index < processes; index += 1) {
      const server = await this.#fork(join(this.#folder, String(index)), variables, execArgv);
      this.servers.push(server);
      await server.ready();
    }
    this.adminToken = readFileSync(join(this.#folder, '0', 'admin-token'), 'utf8').trim();
  }

  async #fork(folder, variables, nodeArguments) {
    mkdirSync(folder);
    const port = await freePort();
    const { PATH, HOME, LANG } = process.env;
    const env = {
      PATH,
      HOME,
      LANG,
      PORT: String(port),
      DATA_DIR: folder,
      DATABASE_URL: this.#postgres.url,
      SOURCES: 'none',
      PUBLIC_URL: 'http://switchboard.fleet',
      ...variables,
    };
    const execArgv = ['--enable-source-maps', '--expose-gc', '--import', PRELOAD, ...nodeArguments];
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'];
    return new Server(fork(MAIN, { cwd: folder, env, execArgv, stdio, detached: true }), port, folder);
  }

  /** The answer's body; throws if the status is not 2xx. */
  async api(method, path, body) {
    const response = await fetch(`${this.servers[0].url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.adminToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** A tenant without limits that owns one agent; returns a token that reads. */
  async createTenant(tenant, agent) {
    await this.api('POST', '/v1/admin/tenants', {
      tenant,
      limits: { streams: UNLIMITED, streamsPerToken: UNLIMITED, ingestPerSecond: UNLIMITED },
    });
    await this.api('PUT', `/v1/admin/agents/${agent}/owner`, { tenant, from: null });
    const asked = { name: 'reliability', scopes: ['events:read'] };
    return (await this.api('POST', `/v1/admin/tenants/${tenant}/tokens`, asked)).token;
  }

  /** Rows of a statement, by a connection outside the fleet. */
  async sql(text, values = []) {
    const client = new pg.Client({ connectionString: this.#postgres.url });
    await client.connect();
    try {
      return (await client.query(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Connections to the database, not counting the one that asks. */
  async databaseConnections() {
    const client = new pg.Client({ connectionString: this.#postgres.url });
    await client.connect();
    const { rows } = await client.query(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await client.end();
    return rows[0].count;
  }

  async end() {
    await Promise.all(this.servers.map((server) => server.end()));
    this.servers = [];
    await this.#postgres?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Writes `results/NAME.json` beside the scripts, with the machine it was measured on. */
export function save(name, figures) {
  const folder = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const machine = { date: new Date().toISOString(), node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify({ ...machine, ...figures }, null, 2)}\n`);
} // prettier-ignore
