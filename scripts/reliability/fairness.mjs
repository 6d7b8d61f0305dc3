// `node scripts/reliability/fairness.mjs [--pairs 15]`: twenty tenants, each with ten events a second and five readers;
// then one of them has twenty times as many. What that does to the way of the others' events, ingest → client. Quiet
// and flood take turns, a few seconds each, so that what else the machine does falls on both; the bar is on the medians
// of their p99. One process, no limits, events one a request.
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startReaders } from '../../bench/children.mjs';
import { IngestClient } from '../../bench/http-client.mjs';
import { nowUs } from '../../bench/load.mjs';
import { Fleet, save } from './fleet.mjs';
import { atRate, median } from './pace.mjs';

const { values } = parseArgs({ options: { pairs: { type: 'string' } } });
const pairs = Number(values.pairs ?? 15);
const SECONDS = 3;
const TENANTS = 20;
const READERS = 5;
const PER_SECOND = 10;
const TIMES = 20;
const WARM_UP_SECONDS = 10;
/** Enough that an event waits for a connection only if the server lags. */
const CONNECTIONS = 16;
const DRAIN_MS = 400;
/** The bound that must hold: on the others' p99. */
const MOST = 1.5;

const fleet = await Fleet.start({ variables: { STREAM_PING_SECONDS: '300' } });
const readers = { flooding: startReaders(), others: startReaders() };
let sent = 0;

try {
  const tokens = [];
  for (let tenant = 0; tenant < TENANTS; tenant += 1) tokens.push(await fleet.createTenant(`t${tenant}`, `a${tenant}`));
  const open = (these, whose) => whose.ask('open', { port: fleet.servers[0].port, tokens: these.flatMap((token) => Array(READERS).fill(token)), readyMark: 'event: log.caught_up' }); // prettier-ignore
  await open(tokens.slice(0, 1), readers.flooding);
  await open(tokens.slice(1), readers.others);
  await phase(1, WARM_UP_SECONDS);
  const phases = [];
  for (let pair = 0; pair < pairs; pair += 1)
    for (const times of [1, TIMES]) phases.push({ times, ...(await phase(times, SECONDS)) });
  report(phases);
} finally {
  await Promise.all(Object.values(readers).map(({ end }) => end()));
  await fleet.end();
}

/** Tenant 0 at so many times its rate, the others at theirs. */
async function phase(times, forSeconds) {
  for (const each of Object.values(readers)) await each.ask('watch');
  const client = new IngestClient({ port: fleet.servers[0].port, ingestToken: fleet.adminToken }, CONNECTIONS);
  const endsAt = performance.now() + forSeconds * 1000;
  const feeds = Array.from({ length: TENANTS }, (_, tenant) => atRate(PER_SECOND * (tenant === 0 ? times : 1), endsAt, () => client.post(nextEvent(tenant), 1))); // prettier-ignore
  await Promise.all(feeds);
  client.end();
  await wait(DRAIN_MS);
  const [flooding, others] = [await readers.flooding.ask('report'), await readers.others.ask('report')];
  return { flooding: ms(flooding), others: ms(others) };
}

function ms({ deliveries, outOfOrder, p50Us, p99Us }) {
  return { deliveries, outOfOrder, p50: p50Us / 1000, p99: p99Us / 1000 };
}

function nextEvent(tenant) {
  const number = sent++;
  const text = 'I would like to move my appointment to Thursday';
  const about = { agent: `a${tenant}`, callId: `call-${tenant}-${Math.floor(number / 4000)}`, messageId: `m${number}` };
  return `${JSON.stringify({ event: 'user.message', sentUs: nowUs(), text, ...about })}\n`;
}

function report(phases) {
  const middle = (times, valueOf) => median(phases.filter((each) => each.times === times).map(valueOf));
  const rows = [1, TIMES].map((times) => ({
    'one tenant at': `${times} ×`,
    'others p50 ms': middle(times, ({ others }) => others.p50),
    'others p99 ms': middle(times, ({ others }) => others.p99),
    'its p99 ms': middle(times, ({ flooding }) => flooding.p99),
  }));
  const ratio = Number((rows[1]['others p99 ms'] / rows[0]['others p99 ms']).toFixed(2));
  const held = ratio <= MOST;
  console.table(rows);
  console.log(held ? 'held' : 'NOT HELD', `others' p99 is ${ratio} × what it was (bar: ${MOST})`);
  save('fairness', { pairs, secondsEach: SECONDS, tenants: TENANTS, readersATenant: READERS, eventsPerSecondATenant: PER_SECOND, ratio, held, rows, phases }); // prettier-ignore
  process.exitCode = held ? 0 : 1;
}
