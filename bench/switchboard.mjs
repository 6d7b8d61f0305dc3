/**
 * Switchboard as a customer runs it: `dist/main.js` with its embedded PostgreSQL, in a temporary folder. Tenants,
 * agents and tokens are made over its own API, once a run; the process is restarted each round.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SERVER_ARGUMENTS, endAtExit } from './children.mjs';
import { agentName } from './load.mjs';
import { TENANTS } from './options.mjs';
import { freePort } from './free-port.mjs';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const START_MS = 120_000;
const STOP_MS = 20_000;
const UNLIMITED = 1_000_000;

/** A folder for the data of one run. PostgreSQL may run as another user, who must have access. */
export function createDataDir() {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-bench-'));
  chmodSync(folder, 0o755);
  endAtExit(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * @param {string} dataDir
 * @param {{readerTokens: string[], cpuProf: string | undefined, preload?: string}} run  `readerTokens` is filled by the first start;
 *   `preload`: a script of this folder that the server imports first
 * @returns {Promise<import('./children.mjs').Subject>}
 */
export async function startSwitchboard(dataDir, { readerTokens, cpuProf, preload }) {
  const port = await freePort();
  const profiling = cpuProf === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProf}`];
  const preloading = preload === undefined ? [] : ['--import', new URL(preload, import.meta.url).href];
  const execArgv = ['--enable-source-maps', ...SERVER_ARGUMENTS, ...preloading, ...profiling];
  const child = spawn(process.execPath, [...execArgv, MAIN], {
    cwd: dataDir,
    env: environment(dataDir, port),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group: Ctrl-C comes to us alone, and we stop it once. A second signal would make it leave its
    // database running.
    detached: true,
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => output.push(String(text)));
  const databasePid = () => Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  const end = endAtExit(() => stop(child, dataDir, databasePid));
  await untilReady(child, port, output);
  const ingestToken = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
  if (readerTokens.length === 0) readerTokens.push(...(await createTenants(port, ingestToken)));
  return {
    name: 'switchboard',
    pid: child.pid,
    port,
    ingestToken,
    readerToken: (tenant) => readerTokens[tenant],
    readyMark: 'event: log.caught_up',
    databasePid: databasePid(),
    databaseUrl: databaseUrlOf(dataDir),
    dataDir,
    end,
  };
}

function environment(dataDir, port) {
  const { PATH, HOME, LANG } = process.env;
  return {
    PATH,
    HOME,
    LANG,
    DATA_DIR: dataDir,
    PORT: String(port),
    SOURCES: 'none',
    // The issuer of the tokens, which outlive this process and its port.
    PUBLIC_URL: 'http://switchboard.bench',
    // The bare server sends no pings, so none may fall into a window.
    STREAM_PING_SECONDS: '300',
  };
}

async function untilReady(child, port, output) {
  for (const end = performance.now() + START_MS; performance.now() < end; await wait(50)) {
    if (child.exitCode !== null) break;
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false, // Not listening yet.
    );
    if (ready) return;
  }
  throw new Error(`Switchboard did not start:\n${output.join('').slice(-2000)}`);
}

function databaseUrlOf(dataDir) {
  const port = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[3];
  const password = readFileSync(join(dataDir, 'postgres-password'), 'utf8').trim();
  return `postgresql://switchboard:${password}@127.0.0.1:${port}/switchboard`;
}

/** One tenant, one agent, one token each. Returns the tokens in order. */
export async function createTenants(port, adminToken, from = 0, count = TENANTS) {
  const call = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status} ${await response.text()}`);
    return response.json();
  };
  const tokens = [];
  for (let index = from; index < from + count; index += 1) {
    const tenant = `bench-${index}`;
    await call('POST', '/v1/admin/tenants', { tenant, limits: { streams: UNLIMITED, streamsPerToken: UNLIMITED, ingestPerSecond: UNLIMITED } });
    await call('PUT', `/v1/admin/agents/${agentName(index)}/owner`, { tenant, from: null });
    const { token } = await call('POST', `/v1/admin/tenants/${tenant}/tokens`, { name: 'bench', scopes: ['events:read'] });
    tokens.push(token);
  }
  return tokens;
} // prettier-ignore

/** Asks once; a process that does not stop is killed, and its PostgreSQL with it (SIGINT: fast shutdown). */
async function stop(child, dataDir, databasePid) {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await Promise.race([exited, wait(STOP_MS, undefined, { ref: false })]);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
  const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  process.kill(databasePid(), 'SIGINT');
  for (const end = performance.now() + STOP_MS; existsSync(pidFile) && performance.now() < end;) await wait(50);
}
