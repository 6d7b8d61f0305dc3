// `node scripts/reliability/webhook-latency.mjs [--pairs 5]`: twenty tenants with an endpoint each and ten events a
// second each, one a request. How long an event takes from when it is due at ingest until its receiver has it; alone,
// and beside an endpoint that is dead and one that answers after 30 s. Both kinds of phase take turns, so that what else
// the machine does falls on both; the bars are on the medians, and of the other eighteen tenants.
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startClients } from '../../bench/children.mjs';
import { IngestClient } from '../../bench/http-client.mjs';
import { nowUs } from '../../bench/load.mjs';
import { Fleet, save } from './fleet.mjs';
import { atRate, median } from './pace.mjs';

const { values } = parseArgs({ options: { pairs: { type: 'string' } } });
const pairs = Number(values.pairs ?? 5);
const SECONDS = 6;
const TENANTS = 20;
/** These two misbehave in every other phase. */
const [DEAD, SLOW, FIRST_HEALTHY] = [0, 1, 2];
const PER_SECOND = 10;
const CONNECTIONS = 16;
const DRAIN_MS = 20_000;
const MOST = { p99: 1000, ratio: 1.1 };

const fleet = await Fleet.start({ variables: { WEBHOOKS_ALLOW: '127.0.0.0/8' } });
const sink = startClients('../scripts/reliability/webhook-sink.mjs');
const hooks = new Map();
let sent = 0;
try {
  const port = await sink.ask('open');
  for (let tenant = 0; tenant < TENANTS; tenant += 1) {
    await fleet.createTenant(`t${tenant}`, `a${tenant}`);
    await makeHook(tenant, port);
  }
  await phase('warm-up');
  const phases = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    phases.push(await phase('alone'));
    for (const [tenant, how] of [[DEAD, 'dead'], [SLOW, 'slow']]) await sink.ask('behave', { tenant, how }); // prettier-ignore
    phases.push(await phase('beside'));
    for (const tenant of [DEAD, SLOW]) {
      await sink.ask('behave', { tenant, how: 'well' });
      await makeHook(tenant, port); // A new one: the failed one would go on with what waits.
    }
  }
  report(phases);
} finally {
  await sink.end();
  await fleet.end();
}

async function makeHook(tenant, port) {
  const path = `/v1/admin/tenants/t${tenant}/webhooks`;
  const old = hooks.get(tenant);
  if (old !== undefined) await fleet.api('DELETE', `${path}/${old}`);
  hooks.set(tenant, (await fleet.api('POST', path, { url: `http://127.0.0.1:${port}/${tenant}` })).id);
}

async function phase(kind) {
  await sink.ask('watch');
  const client = new IngestClient({ port: fleet.servers[0].port, ingestToken: fleet.adminToken }, CONNECTIONS);
  const endsAt = performance.now() + SECONDS * 1000;
  const feed = (tenant) => atRate(PER_SECOND, endsAt, () => client.post(nextEvent(tenant), 1));
  const sentTo = await Promise.all(Array.from({ length: TENANTS }, (_, tenant) => feed(tenant)));
  client.end();
  const due = sentTo.slice(FIRST_HEALTHY).flat().length;
  const report = () => sink.ask('report', { from: FIRST_HEALTHY });
  for (const end = performance.now() + DRAIN_MS; performance.now() < end && (await report()).count < due;)
    await wait(20);
  const row = { kind, due, ...(await report()) };
  console.log(JSON.stringify(row));
  return row;
}

function nextEvent(tenant) {
  const number = sent++;
  const about = { agent: `a${tenant}`, callId: `call-${tenant}-${number % 50}`, messageId: `m${number}` };
  return `${JSON.stringify({ event: 'user.message', sentUs: nowUs(), text: 'On Thursday', ...about })}\n`;
}

function report(phases) {
  const middle = (kind, value) => median(phases.filter((each) => each.kind === kind).map((each) => each[value]));
  const rows = ['alone', 'beside'].map((kind) => ({ kind, 'p50 ms': middle(kind, 'p50'), 'p99 ms': middle(kind, 'p99'), 'most ms': middle(kind, 'most') })); // prettier-ignore
  const ratio = Number((rows[1]['p99 ms'] / rows[0]['p99 ms']).toFixed(2));
  const missing = phases.reduce((sum, { due, count }) => sum + Math.max(0, due - count), 0);
  const held = rows[0]['p99 ms'] <= MOST.p99 && ratio <= MOST.ratio && missing === 0;
  console.table(rows);
  console.log(held ? 'held' : 'NOT HELD', JSON.stringify({ ratio, missing, bars: MOST }));
  save('webhook-latency', { pairs, secondsEach: SECONDS, endpoints: TENANTS, eventsPerSecond: PER_SECOND * TENANTS, bars: MOST, ratio, missing, held, rows, phases }); // prettier-ignore
  process.exitCode = held ? 0 : 1;
}
