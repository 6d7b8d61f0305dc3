// `node scripts/reliability/erasure.mjs [EVENTS]`: how long another tenant's appends, and who takes the append lock by
// itself, wait while a tenant of so many events is erased, and how long that takes. A server of its own (dist/main.js,
// embedded PostgreSQL) in a folder of its own; the events are written by SQL.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

const EVENTS = Number(process.argv[2] ?? 2_000_000);
/** Between two appends of the tenant that stays. */
const EVERY_MS = 5;
const BASELINE_MS = 10_000;
const EVENTS_A_CALL = 20;

const folder = mkdtempSync(join(tmpdir(), 'switchboard-erasure-'));
chmodSync(folder, 0o755);
const port = await new Promise((found) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => found(port));
  });
});
const url = `http://127.0.0.1:${port}`;
const env = { PATH: process.env.PATH, PORT: String(port), SOURCES: 'none' };
const server = spawn(process.execPath, [resolve('dist/main.js')], { cwd: folder, env, stdio: 'ignore' });
const read = (file) => readFileSync(join(folder, '.switchboard', file), 'utf8').trim();

const admin = async (method, path, body) => {
  const headers = { Authorization: `Bearer ${read('admin-token')}`, 'Content-Type': 'application/json' };
  const options = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
  const response = await fetch(url + path, options);
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
};

try {
  await until(async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok, 120_000);
  const database = `postgresql://switchboard:${read('postgres-password')}@127.0.0.1:${read('postgres/postmaster.pid').split('\n')[3]}/switchboard`;
  for (const tenant of ['large', 'other']) await admin('POST', '/v1/admin/tenants', { tenant });
  await admin('PUT', '/v1/admin/agents/mara/owner', { tenant: 'large', from: null });
  await admin('PUT', '/v1/admin/agents/julia/owner', { tenant: 'other', from: null });
  await fill(database);
  const lock = await new pg.Client({ connectionString: database }).connect();
  const baseline = wait(BASELINE_MS);
  const [before, lockBefore] = await Promise.all([appendUntil(baseline), takeLockUntil(lock, baseline)]);
  const startedAt = performance.now();
  const erased = admin('DELETE', '/v1/admin/tenants/large').then(({ status }) => ({
    status,
    tookMs: performance.now() - startedAt,
  }));
  const gone = until(async () => {
    const { body } = await admin('GET', '/v1/admin/erasures');
    return (await Promise.race([erased, undefined])) && body.erasures?.length === 0;
  }, 3_600_000);
  const [meanwhile, lockMeanwhile] = await Promise.all([appendUntil(gone), takeLockUntil(lock, gone)]);
  await lock.end();
  const { status, tookMs } = await erased;
  console.table({ before, meanwhile, 'lock before': lockBefore, 'lock meanwhile': lockMeanwhile });
  console.log({
    events: EVENTS,
    status,
    answeredMs: Math.round(tookMs),
    totalMs: Math.round(performance.now() - startedAt),
  });
} finally {
  server.kill('SIGTERM');
  if (server.exitCode === null) await new Promise((resolve) => server.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}

/** Events, calls and their tables, as if all had come in. */
async function fill(database) {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const run = (text) => client.query(text, [EVENTS]);
  await client.query('BEGIN');
  await client.query(`SELECT position FROM projections WHERE name = 'calls' FOR UPDATE`);
  await run(`INSERT INTO events (position, tenant_id, seq, call_id, agent, type, at, source_key, data)
    SELECT n, 'large', n, 'CA_' || n / ${EVENTS_A_CALL}, 'mara', 'user.message', now(), 'key ' || n, '{"text":"' || repeat('said ', 40) || '"}'
    FROM generate_series(1, $1::bigint) n`);
  await run(`INSERT INTO call_tenants (call_id, tenant_id, agent, first_position)
    SELECT 'CA_' || n, 'large', 'mara', n * ${EVENTS_A_CALL} FROM generate_series(0, $1::bigint / ${EVENTS_A_CALL}) n`);
  await run(`INSERT INTO calls (tenant_id, call_id, agent, state, started_at, last_at, words, head)
    SELECT 'large', 'CA_' || n, 'mara', 'ended', now(), now(), '', '{}' FROM generate_series(0, $1::bigint / ${EVENTS_A_CALL}) n`);
  await run(`INSERT INTO call_parts (tenant_id, call_id, key, kind, seq, text, words, state)
    SELECT 'large', 'CA_' || n / ${EVENTS_A_CALL}, n::text, 'message', n, 'said', 'said', '{}' FROM generate_series(1, $1::bigint) n`);
  await run(`UPDATE log_head SET position = $1`);
  await run(`INSERT INTO tenant_heads (tenant_id, seq) VALUES ('large', $1)`);
  // Not of an older version: nothing is rebuilt during the measurement.
  await run(`UPDATE projections SET position = $1, version = 1000 WHERE name = 'calls'`);
  await client.query('COMMIT');
  await client.query('ANALYZE');
  await client.end();
}

/** Appends of the other tenant, one after the other, until that is over. */
async function appendUntil(over) {
  let isOver = false;
  void over.then(() => (isOver = true));
  const tookMs = [];
  const statuses = new Set();
  for (let n = 0; !isOver; n++) {
    const startedAt = performance.now();
    const { status } = await admin('POST', '/v1/ingest', {
      event: 'user.message',
      agent: 'julia',
      callId: `c${n % 50}`,
      n,
    });
    tookMs.push(performance.now() - startedAt);
    statuses.add(status);
    await wait(EVERY_MS);
  }
  return { statuses: [...statuses].join(), ...spread(tookMs) };
}

/** The cost to those who take the append lock: how long it takes to get it, in ms, repeatedly. */
async function takeLockUntil(client, over) {
  let isOver = false;
  void over.then(() => (isOver = true));
  const tookMs = [];
  while (!isOver) {
    await client.query('BEGIN');
    const startedAt = performance.now();
    await client.query('SELECT position FROM log_head WHERE id = 1 FOR UPDATE');
    tookMs.push(performance.now() - startedAt);
    await client.query('ROLLBACK');
    await wait(EVERY_MS);
  }
  return spread(tookMs);
}

function spread(values) {
  values.sort((one, other) => one - other);
  const at = (share) => Math.round(values[Math.floor((values.length - 1) * share)] * 10) / 10;
  return { times: values.length, p50: at(0.5), p99: at(0.99), longest: at(1) };
}

async function until(holds, limitMs) {
  for (const startedAt = performance.now(); !(await holds()); await wait(200))
    if (server.exitCode !== null || performance.now() - startedAt > limitMs) throw new Error('waited in vain');
}
