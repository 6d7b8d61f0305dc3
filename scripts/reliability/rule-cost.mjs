// `node scripts/reliability/rule-cost.mjs [--pairs 5]`: what a thousand rules of one tenant cost, and how soon they fire.
// 500 events a second go in turn to a tenant with a thousand rules and to one without any; the difference of the CPU
// time of the server is what the rules cost. One event in fifty makes a rule fire: from when it is due at ingest until
// a reader of the tenant's stream has its `rule.fired`.
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { IngestClient } from '../../bench/http-client.mjs';
import { nowUs } from '../../bench/load.mjs';
import { cpuUs } from '../../bench/process-stat.mjs';
import { Fleet, save } from './fleet.mjs';
import { atRate, median } from './pace.mjs';
import { openLiveStream } from './sse-client.mjs';

const { values } = parseArgs({ options: { pairs: { type: 'string' } } });
const pairs = Number(values.pairs ?? 5);
const SECONDS = 6;
const RULES = 1000;
const PATTERNS = 50;
const PER_SECOND = 500;
const EVENTS_A_REQUEST = 10;
const FIRES_EVERY = 50;
const CONNECTIONS = 8;
const DRAIN_MS = 20_000;
const MOST = { firedMs: 500, share: 0.15 };
const UNLIMITED = 1_000_000;
const WORDS = ['refund', 'cancel', 'appointment', 'invoice', 'manager', 'complaint', 'delivery', 'password'];

const fleet = await Fleet.start({});
const fired = [];
let sent = 0;
let stream;
try {
  const token = await fleet.createTenant('ruled', 'ruled');
  await fleet.createTenant('plain', 'plain');
  for (const tenant of ['ruled', 'plain'])
    await fleet.api('PATCH', `/v1/admin/tenants/${tenant}`, { limits: { ingestPerSecond: UNLIMITED, ingestBytesPerSecond: 100_000_000 } }); // prettier-ignore
  for (let number = 0; number < RULES; number += 1) await fleet.api('POST', '/v1/admin/tenants/ruled/rules', ruleOf(number)); // prettier-ignore
  stream = await openLiveStream({ port: fleet.servers[0].port, token, query: '?types=rule.fired' }, (frame) => {
    const at = /"text":"now (\d+) /.exec(frame)?.[1];
    if (at !== undefined) fired.push((nowUs() - Number(at)) / 1000);
  });
  for (const tenant of ['ruled', 'plain']) await phase(tenant); // Until V8 has compiled what runs.
  const phases = [];
  for (let pair = 0; pair < pairs; pair += 1) for (const tenant of ['plain', 'ruled']) phases.push(await phase(tenant));
  report(phases);
} finally {
  stream?.destroy();
  await fleet.end();
}

/** The first fires; fifty have a pattern; the others look for phrases that nobody says. */
function ruleOf(number) {
  const word = WORDS[number % WORDS.length];
  if (number === 0)
    return { name: 'fires', once: 'each', when: { said: { by: 'caller', words: ['speak to a person'] } } };
  if (number <= PATTERNS) return { name: `pattern ${number}`, when: { said: { by: 'caller', pattern: `(?i)\\b${word}s? number ${number}\\b` } } }; // prettier-ignore
  return { name: `words ${number}`, when: { said: { by: 'caller', words: [`${word} number ${number}`, `my ${word} ${number}`] } } }; // prettier-ignore
}

async function phase(tenant) {
  fired.length = 0;
  const { port, child } = fleet.servers[0];
  const client = new IngestClient({ port, ingestToken: fleet.adminToken }, CONNECTIONS);
  const [before, startedAt] = [cpuUs(child.pid), performance.now()];
  let due = 0;
  await atRate(PER_SECOND / EVENTS_A_REQUEST, startedAt + SECONDS * 1000, () => {
    let lines = '';
    for (let index = 0; index < EVENTS_A_REQUEST; index += 1) {
      if (sent % FIRES_EVERY === 0) due += 1;
      lines += nextEvent(tenant);
    }
    return client.post(lines, EVENTS_A_REQUEST);
  });
  const expected = tenant === 'ruled' ? due : 0;
  for (const end = performance.now() + DRAIN_MS; performance.now() < end && fired.length < expected;) await wait(20);
  const share = (cpuUs(child.pid) - before) / ((performance.now() - startedAt) * 1000);
  client.end();
  const times = fired.toSorted((one, other) => one - other);
  const at = (part) => Number((times[Math.floor((times.length - 1) * part)] ?? NaN).toFixed(1));
  const row = { tenant, share: Number(share.toFixed(3)), expected, fired: times.length, p50: at(0.5), p99: at(0.99) };
  console.log(JSON.stringify(row));
  return row;
}

function nextEvent(tenant) {
  const number = sent++;
  const says = number % FIRES_EVERY === 0 ? 'please let me speak to a person' : 'my appointment is on Thursday at ten';
  const about = {
    agent: tenant,
    callId: `${tenant}-${Math.floor(number / 500)}-${number % 20}`,
    messageId: `m${number}`,
  };
  return `${JSON.stringify({ event: 'user.message', text: `now ${nowUs()} ${says}`, ...about })}\n`;
}

function report(phases) {
  const middle = (tenant, value) => median(phases.filter((each) => each.tenant === tenant).map((each) => each[value]));
  const share = Number((middle('ruled', 'share') - middle('plain', 'share')).toFixed(3));
  const [p50, p99] = [middle('ruled', 'p50'), middle('ruled', 'p99')];
  const missing = phases.reduce((sum, { expected, fired: seen }) => sum + Math.abs(expected - seen), 0);
  const held = share <= MOST.share && p99 <= MOST.firedMs && missing === 0;
  console.log(held ? 'held' : 'NOT HELD', JSON.stringify({ share, p50, p99, missing, bars: MOST }));
  save('rule-cost', { pairs, secondsEach: SECONDS, rules: RULES, patterns: PATTERNS, eventsPerSecond: PER_SECOND, bars: MOST, share, p50, p99, missing, held, phases }); // prettier-ignore
  process.exitCode = held ? 0 : 1;
}
