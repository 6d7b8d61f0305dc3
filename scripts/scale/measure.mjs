/**
 * Inputs of model.mjs that `npm run bench` has no figure for: what an event costs a process that only has readers for
 * it, and how fast calls are projected. Two processes on one empty database and one NATS: DATABASE_URL=postgresql://…
 * BUS_URL=nats://… node scripts/scale/measure.mjs Linux only (/proc). It leaves its tenants and events in that
 * database.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuUs } from '../../bench/process-stat.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const PORTS = { takesIn: 4801, delivers: 4802 };
/** Events of one request, requests a second, seconds: 2,000 events/s. */
const [BATCH, REQUESTS, SECONDS] = [20, 100, 10];
const BACKLOG = { requests: 60, batch: 1000 };

const { DATABASE_URL, BUS_URL, PATH } = process.env;
if (!DATABASE_URL || !BUS_URL) throw new Error('set DATABASE_URL to an empty database, and BUS_URL to a NATS');
const folder = mkdtempSync(join(tmpdir(), 'switchboard-scale-'));
const children = Object.values(PORTS).map((port) => {
  const env = { PATH, DATABASE_URL, BUS_URL, PORT: String(port), DATA_DIR: folder, SOURCES: 'none' };
  return spawn(process.execPath, [MAIN], { env: { ...env, PUBLIC_URL: 'http://scale' }, stdio: 'ignore' });
});

const url = (port, path) => `http://127.0.0.1:${port}${path}`;
const readiness = (port) =>
  fetch(url(port, '/readyz')).then(
    (answer) => answer.json(),
    () => undefined,
  );

async function ask(method, path, body) {
  const admin = readFileSync(join(folder, 'admin-token'), 'utf8').trim();
  const headers = { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' };
  const answer = await fetch(url(PORTS.takesIn, path), { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

let said = 0;
const events = (agent, count) =>
  Array.from({ length: count }, () => ({
    event: 'user.message',
    agent,
    callId: `call-${agent}-${said % 100}`,
    messageId: `m${said++}`,
    text: 'about as much as somebody says at once, and as it is written down',
  }));

/** A tenant with an agent and so many readers at the second process. */
async function audience(readers) {
  const [tenant, agent] = [`tenant-${readers}`, `agent-${readers}`];
  await ask('POST', '/v1/admin/tenants', { tenant, limits: { ingestPerSecond: 1_000_000 } });
  await ask('PUT', `/v1/admin/agents/${agent}/owner`, { tenant, from: null });
  const { token } = await ask('POST', `/v1/admin/tenants/${tenant}/tokens`, { name: 'scale', scopes: ['events:read'] });
  const stop = new AbortController();
  const headers = { Authorization: `Bearer ${token}`, Accept: 'text/event-stream' };
  const heard = [];
  for (let index = 0; index < readers; index++) {
    const { body } = await fetch(url(PORTS.delivers, '/v1/events'), { headers, signal: stop.signal });
    heard[index] = 0;
    void read(body, (count) => (heard[index] += count)).catch(() => undefined);
  }
  return { agent, heard, close: () => stop.abort() };
}

async function read(body, count) {
  const decoder = new TextDecoder();
  for await (const chunk of body)
    count(decoder.decode(chunk, { stream: true }).split('event: user.message').length - 1);
}

/** µs of the second process's CPU an event, for a tenant with so many readers there. */
async function costWith(readers) {
  const { agent, heard, close } = await audience(readers);
  await wait(1000);
  const before = cpuUs(children[1].pid);
  const [startedAt, total] = [performance.now(), REQUESTS * SECONDS];
  for (let sent = 0; sent < total; sent++) {
    await wait(Math.max(0, startedAt + (sent * 1000) / REQUESTS - performance.now()));
    await ask('POST', '/v1/ingest', events(agent, BATCH));
  }
  while (heard.some((count) => count < total * BATCH)) await wait(20);
  const cost = (cpuUs(children[1].pid) - before) / (total * BATCH);
  close();
  await wait(500);
  return cost;
}

/** Events a second from the first one's arrival until the tables of calls have them all. */
async function projectionRate() {
  const startedAt = performance.now();
  for (let n = 0; n < BACKLOG.requests; n++) await ask('POST', '/v1/ingest', events('agent-1', BACKLOG.batch));
  const ingestedMs = performance.now() - startedAt;
  while ((await readiness(PORTS.takesIn)).calls.behind > 0) await wait(50);
  const count = BACKLOG.requests * BACKLOG.batch;
  return { ingested: (count * 1000) / ingestedMs, projected: (count * 1000) / (performance.now() - startedAt) };
}

try {
  while ((await Promise.all(Object.values(PORTS).map(readiness))).some((one) => one?.status !== 'ready'))
    await wait(100);
  const [none, one, many] = [await costWith(0), await costWith(1), await costWith(51)];
  const deliver = (many - one) / 50;
  // Without readers it has its share of the projection of calls, and hears that the log has grown.
  process.stdout.write(`an event for nobody there: ${none.toFixed(1)} µs of CPU\n`);
  process.stdout.write(`receiving one for somebody: ${(one - none - deliver).toFixed(1)} µs more\n`);
  process.stdout.write(`delivering it, in bursts of ${BATCH}: ${deliver.toFixed(2)} µs a reader\n`);
  const { ingested, projected } = await projectionRate();
  process.stdout.write(`taken in: ${ingested.toFixed(0)}/s by one connection; projected: ${projected.toFixed(0)}/s\n`);
} finally {
  for (const child of children) child.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
