/**
 * The quality in `/v1/stats` against what PostgreSQL finds in the raw events: latencies of the span, of each day and of
 * each agent, tools, escalations, scores. Half of the calls speak as the first generation does (a turn's end says how
 * long it took), half as the second (a reply says it). A server of its own with an empty database, under a temporary
 * folder. It ends with 1 if any figure differs. After `npm run build`:
 *
 *   node scripts/quality.mjs [--calls 10000] [--seed 18]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { freePort } from '../bench/free-port.mjs';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const DAYS = 28;
const DAY_MS = 86_400_000;
const FROM = Date.parse('2026-10-01T00:00:00.000Z');
const AGENTS = ['mara', 'lucia', 'julia', 'sol'];
const TENANT = 'acme';
const BATCH = 900;

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '10000' }, seed: { type: 'string', default: '18' } },
});
const count = Number(values.calls);
const random = seeded(Number(values.seed));
const below = (most) => Math.floor(random() * most);

/** Some turns are slow, most are not; a tenth of the calls is not measured at all. */
function oneCall(index) {
  const [callId, agent] = [`CA_${index}`, AGENTS[index % AGENTS.length]];
  const startMs = FROM + below(DAYS * DAY_MS);
  let seconds = 0;
  const event = (type, data = {}) => {
    seconds += 1;
    return { event: type, callId, agent, at: new Date(startMs + seconds * 1000).toISOString(), ...data };
  };
  const isFirst = index % 2 === 0;
  const turns = index % 10 === 9 ? 0 : 1 + below(14);
  const said = Array.from({ length: turns }, (_, turn) => {
    const ms = 250 + below(1500) + (below(25) === 0 ? 2500 : 0);
    const reply = { messageId: `b${turn}`, text: `line ${turn}`, ...(!isFirst && { latencyMs: ms }) };
    const spoken = [event('bot.speaking', reply), event(turn % 9 === 8 ? 'bot.interrupted' : 'bot.finished', { messageId: `b${turn}` })]; // prettier-ignore
    const data = { turn, latency: { e2e: ms / 1000 } };
    const end = { seq: 1000 + turn, ts: (startMs + seconds * 1000) / 1000, call: callId, agent, type: 'turn.end', ephemeral: false, data }; // prettier-ignore
    return isFirst ? [...spoken, end] : spoken;
  }).flat();
  const tools = Array.from({ length: below(3) }, (_, tool) => [
    event('tool.call', { id: `t${tool}`, name: 'find' }),
    event('tool.result', { id: `t${tool}`, name: 'find', result: 1, ...(below(8) === 0 && { error: 'timeout' }) }),
  ]).flat();
  return [
    event('call.started', { from: '+1', transport: 'phone' }),
    ...said,
    ...tools,
    ...(below(12) === 0 ? [event('handoff.requested', { by: 'ana' })] : []),
    event('call.ended', { reason: 'hangup', duration: seconds }),
    ...(below(3) === 0 ? [event('call.score', { passed: below(5) > 0, judges: [{ verdict: 'held' }] })] : []),
  ];
}

/** A call belongs to the day on which it began. */
const RAW = `SELECT e.agent, extract(epoch FROM date_trunc('day', s.at, 'UTC'))::int8 AS day,
    round(coalesce((e.data::jsonb->>'latencyMs')::float8, (e.data::jsonb->'latency'->>'e2e')::float8 * 1000)) AS ms
  FROM events e JOIN events s ON s.call_id = e.call_id AND s.type = 'call.started'
  WHERE e.type = 'turn.end' OR e.data::jsonb ? 'latencyMs'`;
const latencies = (
  by,
) => `SELECT ${by} AS name, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 3)::float8 AS p50,
    round(percentile_cont(0.95) WITHIN GROUP (ORDER BY ms)::numeric, 3)::float8 AS p95, count(*)::int AS n FROM (${RAW}) raw GROUP BY 1`;
const OTHERS = `SELECT count(*) FILTER (WHERE type = 'tool.call')::int AS calls,
    count(*) FILTER (WHERE type = 'tool.result' AND data::jsonb ? 'error')::int AS failed,
    count(DISTINCT call_id) FILTER (WHERE type = 'handoff.requested')::int AS escalated,
    count(*) FILTER (WHERE type = 'call.score')::int AS judged,
    count(*) FILTER (WHERE type = 'call.score' AND (data::jsonb->>'passed')::bool)::int AS passed FROM events`;

const folder = mkdtempSync(join(tmpdir(), 'switchboard-quality-'));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const env = { PATH: process.env.PATH, PORT: String(port), DATA_DIR: folder, SOURCES: 'none' };
const server = spawn(process.execPath, [MAIN], { env, stdio: 'ignore' });
try {
  process.exitCode = (await compare()) ? 0 : 1;
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
}

async function compare() {
  await until(async () => (await fetch(`${url}/readyz`)).ok);
  await ask('POST', '/v1/admin/tenants', { tenant: TENANT, name: 'Acme' });
  await ask('PUT', `/v1/admin/tenants/${TENANT}/agents`, { agents: AGENTS });
  const { token } = await ask('POST', `/v1/admin/tenants/${TENANT}/tokens`, {
    name: 'numbers',
    scopes: ['events:read'],
  });
  let [waiting, events] = [[], 0];
  const flush = async () => {
    events += (await ask('POST', '/v1/ingest', waiting)).accepted;
    waiting = [];
  };
  for (let index = 0; index < count; index++) {
    waiting.push(...oneCall(index));
    if (waiting.length >= BATCH) await flush();
  }
  await flush();
  await until(async () => (await (await fetch(`${url}/readyz`)).json()).calls.behind === 0);
  const span = `from=${new Date(FROM).toISOString()}&to=${new Date(FROM + DAYS * DAY_MS).toISOString()}&bucket=day`;
  const begun = performance.now();
  const stats = await ask('GET', `/v1/stats?${span}`, undefined, token);
  console.log(`${count} calls, ${events} events; /v1/stats took ${Math.round(performance.now() - begun)} ms`);
  return (await differences(stats)) === 0;
}

async function differences(stats) {
  const [, , , postgresPort] = readFileSync(join(folder, 'postgres/postmaster.pid'), 'utf8').split('\n');
  const password = readFileSync(join(folder, 'postgres-password'), 'utf8').trim();
  const database = new pg.Client({ host: '127.0.0.1', port: Number(postgresPort), user: 'switchboard', password, database: 'switchboard' }); // prettier-ignore
  await database.connect();
  const exact = async (by) => (await database.query(latencies(by))).rows;
  const shown = ({ p50, p95, n }) => `p50 ${p50}, p95 ${p95} ms of ${n} turns`;
  let wrong = 0;
  const check = (name, told, found) => {
    const isSame = told === found;
    if (!isSame) wrong += 1;
    console.log(`${isSame ? 'equal' : 'DIFFERENT'}  ${name}: ${told}${isSame ? '' : `; raw events: ${found}`}`);
  };
  const [whole] = await exact(`'all'`);
  check('all calls', shown(stats.latency), shown(whole));
  const byAgent = new Map(stats.agents.map(({ agent, latency }) => [agent, latency]));
  for (const row of await exact('agent')) check(row.name, shown(byAgent.get(row.name)), shown(row));
  const byDay = new Map(stats.buckets.map(({ at, latency }) => [Date.parse(at) / 1000, latency]));
  const days = await exact('day');
  const same = days.filter((row) => shown(byDay.get(Number(row.name))) === shown(row)).length;
  check('days', `${days.length} of ${byDay.size}`, `${same} of ${DAYS}`);
  const [others] = (await database.query(OTHERS)).rows;
  check('tools', `${stats.tools.calls}, ${stats.tools.failed} failed`, `${others.calls}, ${others.failed} failed`);
  check('escalated', `${stats.escalated}`, `${others.escalated}`);
  check('scores', `${stats.score.passed} of ${stats.score.judged}`, `${others.passed} of ${others.judged}`);
  await database.end();
  return wrong;
}

async function ask(method, path, body, token = readFileSync(join(folder, 'admin-token'), 'utf8').trim()) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Until it holds; a server that starts refuses connections. */
async function until(holds) {
  const deadline = performance.now() + 300_000;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error('waited too long');
    await wait(200);
  }
}

/** Mulberry32, so that a run can be repeated. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
