/**
 * What removing much does to everybody else: `node scripts/scale/upkeep.mjs [--events 600000] [--rate 20]` fills a log
 * (50 tenants, one with 40 %, a year), and appends single events of another tenant at a fixed rate (open loop): alone,
 * while retention removes half of the log, and while the largest tenant is erased. It prints how long appends took, how
 * long the work took, and what it wrote (WAL) and gave back. Needs `npm run build` before.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startFilled } from '../../bench/growth/board.mjs';
import { agentName, tenantName } from '../../bench/growth/fill.mjs';
import { endEverything } from '../../bench/children.mjs';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '600000' }, rate: { type: 'string', default: '20' }, keep: { type: 'string' } },
}); // prettier-ignore
const [EVENTS, RATE] = [Number(values.events), Number(values.rate)];
const ALONE_MS = 15_000;
const HALF_A_YEAR = '182';
const [BIG, OTHER] = [tenantName(0), agentName(1, 0)];
const say = (text) => process.stderr.write(`${text}\n`);

const board = await startFilled(EVENTS, values.keep, say);
const database = new pg.Client({ connectionString: board.databaseUrl });
await database.connect();
try {
  await wait(5000);
  print('alone', await during(() => wait(ALONE_MS)));
  const retention = await expiring();
  print('while half of it expires', await during(retention), await settled());
  print('alone', await during(() => wait(ALONE_MS)));
  let answeredMs = 0;
  const erase = async () => {
    const startedAt = performance.now();
    const { status } = await board.api('admin', 'DELETE', `/v1/admin/tenants/${BIG}`);
    answeredMs = performance.now() - startedAt;
    if (status !== 204) throw new Error(`the erasure answered ${status}`);
    while (JSON.parse((await board.api('admin', 'GET', '/v1/admin/erasures')).text).erasures.length > 0)
      await wait(200);
  };
  print(`while ${BIG} is erased`, await during(erase));
  say(`the erasure answered after ${answeredMs.toFixed(0)} ms`);
} finally {
  await database.end();
  await endEverything();
}

/** Appends at the rate until `work` has ended; and what it cost. */
async function during(work) {
  const before = await size();
  const [tookMs, latencies, sent] = [[], [], []];
  let isOver = false;
  const startedAt = performance.now();
  const working = work().finally(() => {
    tookMs.push(performance.now() - startedAt);
    isOver = true;
  });
  for (let n = 0; !isOver; n += 1) {
    sent.push(append(n).then((ms) => latencies.push(ms)));
    await wait(Math.max(0, startedAt + ((n + 1) * 1000) / RATE - performance.now()));
  }
  await working;
  await Promise.all(sent);
  const after = await size();
  return { tookMs: tookMs[0], latencies: latencies.sort((one, other) => one - other), before, after };
}

async function append(n) {
  const startedAt = performance.now();
  const event = { event: 'user.message', agent: OTHER, callId: `upkeep-${Math.floor(n / 50)}`, messageId: `${startedAt}`, text: 'x' };
  const { status, text } = await board.api('admin', 'POST', '/v1/ingest', [event]);
  if (status >= 300) throw new Error(`an append was answered ${status} ${text}`);
  return performance.now() - startedAt;
} // prettier-ignore

/** Starts the process first, so that its start is not measured. */
async function expiring() {
  const env = { ...process.env, DATABASE_URL: board.databaseUrl, RETENTION_DAYS: HALF_A_YEAR };
  const child = fork(fileURLToPath(new URL('expire.mjs', import.meta.url)), { env });
  await once(child, 'message');
  return async () => {
    child.send('go');
    await once(child, 'message');
  };
}

async function settled() {
  const { rows } = await database.query(`SELECT count(*)::int AS left FROM pg_class WHERE relname ~ '^log_expired_'`);
  return `${rows[0].left} tables left behind`;
}

async function size() {
  const { rows } =
    await database.query(`SELECT pg_current_wal_lsn() - '0/0' AS wal, (SELECT count(*) FROM events) AS events,
    (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'log_events'::regclass) AS disk`);
  return { wal: Number(rows[0].wal), events: Number(rows[0].events), disk: Number(rows[0].disk) };
}

function print(what, { tookMs, latencies, before, after }, more = '') {
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))].toFixed(0);
  const removed = before.events - after.events + latencies.length;
  const each = removed > 0 ? `, ${((after.wal - before.wal) / removed).toFixed(0)} bytes of WAL an event removed` : '';
  const disk = `log ${(before.disk / 1e6).toFixed(0)} → ${(after.disk / 1e6).toFixed(0)} MB`;
  process.stdout.write(
    `${what}: ${(tookMs / 1000).toFixed(1)} s, ${removed} events removed, ${disk}${each}\n` +
      `  ${latencies.length} appends: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms ${more}\n`,
  );
}
