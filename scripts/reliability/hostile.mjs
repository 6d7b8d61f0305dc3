// `node scripts/reliability/hostile.mjs [--only NAME,NAME] [--pairs 3]`: the attacks of attacks.mjs, one at a time,
// against a process with a heap of 512 MB, while a tenant that behaves ingests 50 events a second, one a request, and
// reads them on 100 streams. Alone and beside the attack take turns, a few seconds each, so that what else the machine
// does falls on both; the bars are on the medians. The attackers' process yields to every other one.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startClients, startReaders } from '../../bench/children.mjs';
import { IngestClient } from '../../bench/http-client.mjs';
import { nowUs } from '../../bench/load.mjs';
import { ATTACKS } from './attacks.mjs';
import { Fleet, save } from './fleet.mjs';
import { prepare, settle } from './hostile-data.mjs';
import { openLiveStream } from './sse-client.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, pairs: { type: 'string' } } });
const pairs = Number(values.pairs ?? 3);
const names = values.only?.split(',') ?? Object.keys(ATTACKS);
const SECONDS = 4;
const PER_SECOND = 50;
const STREAMS = 100;
const CONNECTIONS = 16;
const REVOKE_EVERY_MS = 500;
/** Longer times count as this one. */
const LONGEST_MS = 20_000;
/** Work left over from an earlier attack. */
const SETTLE_MS = 90_000;
const MOST = { ratio: 1.5, revokedMs: 1000, residentMb: 1024 };
const UNLIMITED = 1_000_000;
const COLUMNS = [
  'row',
  'attack',
  'p50Alone',
  'p50',
  'p99Alone',
  'p99',
  'ratio',
  'answeredAlone',
  'answered',
  'revokedMs',
  'residentMb',
  'lost',
  'restarted',
  'held',
];
const ISSUER = 'https://hanging.example/';

const provider = createServer(() => undefined).listen(0, '127.0.0.1');
await once(provider, 'listening');
const rows = [];
let scene;
let sent = 0;
try {
  for (const name of names) {
    scene ??= await setUp();
    rows.push(await under(name));
    console.log(JSON.stringify(rows.at(-1)));
    if (hasEnded()) await tearDown();
  }
} finally {
  await tearDown();
  provider.closeAllConnections();
  provider.close();
}
console.table(rows, COLUMNS);
save('hostile', { pairs, secondsEach: SECONDS, bars: MOST, rows });
process.exitCode = rows.every(({ held, attack }) => held || attack === 'control') ? 0 : 1;

async function setUp() {
  const variables = {
    AUTH_JWKS_URL: `http://127.0.0.1:${provider.address().port}/jwks`,
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: 'switchboard',
    STREAM_PING_SECONDS: '300',
  };
  const fleet = await Fleet.start({ variables, execArgv: ['--max-old-space-size=512'] });
  const limits = { requestsPerSecond: UNLIMITED };
  const good = await createTenant(fleet, 'good', limits);
  const readers = startReaders();
  const { port } = fleet.servers[0];
  await readers.ask('open', { port, tokens: Array(STREAMS).fill(good), readyMark: 'event: log.caught_up' });
  scene = {
    fleet,
    port,
    good,
    readers,
    attackers: startClients('../scripts/reliability/attacker.mjs'),
    tenants: new Map(),
  };
  await phase(); // Until V8 has compiled what runs.
  return scene;
}

async function tearDown() {
  const ending = scene;
  scene = undefined;
  if (ending === undefined) return;
  await Promise.all([ending.readers.end(), ending.attackers.end()]);
  await ending.fleet.end();
}

function hasEnded() {
  const { exitCode, signalCode } = scene.fleet.servers[0].child;
  return exitCode !== null || signalCode !== null;
}

/**
 * A tenant with the default limits except those named here; it owns `<tenant>-agent`. Returns a token that reads and
 * writes.
 */
async function createTenant(fleet, tenant, limits = {}) {
  await fleet.api('POST', '/v1/admin/tenants', { tenant, limits });
  await fleet.api('PUT', `/v1/admin/agents/${tenant}-agent/owner`, { tenant, from: null });
  const asked = { name: 'hostile', scopes: ['events:read', 'events:write', 'agents:read', 'tokens:write'] };
  return (await fleet.api('POST', `/v1/admin/tenants/${tenant}/tokens`, asked)).token;
}

/** One attack: its row of the table. */
async function under(attack) {
  const { row, needs } = ATTACKS[attack];
  const { fleet, port, attackers, tenants } = scene;
  const tenant = `hostile-${needs ?? 'plain'}`;
  const token = tenants.get(tenant) ?? (await createTenant(fleet, tenant));
  if (!tenants.has(tenant)) await prepare(fleet, tenant, needs);
  tenants.set(tenant, token);
  await settle(fleet, SETTLE_MS);
  const given = {
    port,
    token,
    tenant,
    agent: `${tenant}-agent`,
    othersAgent: 'good-agent',
    issuer: ISSUER,
    adminToken: fleet.adminToken,
  };
  const phases = [];
  const counts = {};
  for (let pair = 0; pair < pairs && !hasEnded(); pair += 1) {
    phases.push({ beside: false, ...(await phase()) });
    await attackers.ask('begin', { attack, ...given });
    phases.push({ beside: true, ...(await phase()) });
    for (const [what, times] of Object.entries(await attackers.ask('end'))) counts[what] = (counts[what] ?? 0) + times;
  }
  return { row, attack, ...summaryOf(phases), counts, phases };
}

function summaryOf(phases) {
  const beside = phases.filter((each) => each.beside);
  const middle = (list, value) => list.map((each) => each[value]).sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const alone = phases.filter((each) => !each.beside);
  const of = (list) => ['p50', 'p99', 'answered'].map((value) => middle(list, value));
  const [[p50Alone, p99Alone, answeredAlone], [p50, p99, answered]] = [of(alone), of(beside)];
  const worst = (value) => Math.max(...beside.map((each) => each[value]));
  const summary = {
    p50Alone,
    p50,
    p99Alone,
    p99,
    ratio: round(p99 / p99Alone),
    answeredAlone,
    answered,
    revokedMs: worst('revokedMs'),
    residentMb: worst('residentMb'),
    lost: worst('lost'),
    restarted: hasEnded(),
  };
  const held =
    summary.ratio <= MOST.ratio && summary.revokedMs <= MOST.revokedMs && summary.residentMb <= MOST.residentMb;
  return { ...summary, held: held && summary.lost === 0 && !summary.restarted };
}

/**
 * Measures the well-behaved tenant for some seconds, in ms: its events from due to each reader, and from due to
 * answered.
 */
async function phase() {
  const { fleet, port, good, readers } = scene;
  await readers.ask('watch');
  writeFileSync(`/proc/${fleet.servers[0].child.pid}/clear_refs`, '5'); // The peak of its memory counts from here.
  const client = new IngestClient({ port, ingestToken: good }, CONNECTIONS);
  const endsAt = performance.now() + SECONDS * 1000;
  const [answeredMs, revokedMs] = await Promise.all([feed(client, endsAt), revocations(endsAt)]);
  client.end();
  const due = PER_SECOND * SECONDS * STREAMS;
  for (const end = performance.now() + LONGEST_MS; performance.now() < end && !hasEnded(); await wait(20))
    if ((await readers.ask('count')) >= due) break;
  const { deliveries, outOfOrder, p50Us = Infinity, p99Us = Infinity } = await readers.ask('report');
  return {
    p50: round(p50Us / 1000),
    p99: round(p99Us / 1000),
    answered: percentile(answeredMs, 0.99),
    lost: due - deliveries + outOfOrder,
    revokedMs: percentile(revokedMs, 1),
    residentMb: peakMb(),
  };
}

/** At its rate, whether or not the server keeps up: an event's clock starts when it is due. */
async function feed(client, endsAt) {
  const startsAt = endsAt - SECONDS * 1000;
  const answers = [];
  for (let number = 0; number < PER_SECOND * SECONDS; number += 1) {
    const dueAt = startsAt + (number * 1000) / PER_SECOND;
    await wait(Math.max(0, dueAt - performance.now()));
    const about = {
      agent: 'good-agent',
      callId: `call-${Math.floor(sent / 200)}`,
      messageId: `m${sent++}`,
      text: 'On Thursday',
    };
    const body = `${JSON.stringify({ event: 'user.message', sentUs: nowUs(), ...about })}\n`;
    const late = new Promise((resolve) => setTimeout(() => resolve(LONGEST_MS), LONGEST_MS).unref());
    answers.push(Promise.race([late, client.post(body, 1).then(() => performance.now() - dueAt, (error) => failed(error))])); // prettier-ignore
  }
  return Promise.all(answers);
}

function failed(error) {
  process.stderr.write(`${error.message}\n`);
  return LONGEST_MS;
}

/** Repeatedly: from the request that revokes a token to the end of its stream. */
async function revocations(endsAt) {
  const tookMs = [];
  for (; performance.now() < endsAt && !hasEnded(); await wait(REVOKE_EVERY_MS)) {
    const late = new Promise((resolve) => setTimeout(() => resolve(LONGEST_MS), LONGEST_MS).unref());
    tookMs.push(await Promise.race([late, revoke().catch(failed)]));
  }
  return tookMs;
}

async function revoke() {
  const { fleet, port } = scene;
  const asked = { name: 'revoked', scopes: ['events:read'], ttl: '1h' };
  const { id, token } = await fleet.api('POST', '/v1/admin/tenants/good/tokens', asked);
  let told = () => undefined;
  const closed = new Promise((resolve) => (told = resolve));
  const socket = await openLiveStream({ port, token }, (frame) => frame.includes('event: stream.closing') && told());
  const startedAt = performance.now();
  await fleet.api('DELETE', `/v1/admin/tokens/${id}`);
  await closed;
  socket.destroy();
  return performance.now() - startedAt;
}

/** The largest resident size since the phase began. */
function peakMb() {
  if (hasEnded()) return NaN;
  const status = readFileSync(`/proc/${scene.fleet.servers[0].child.pid}/status`, 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
}

function percentile(list, share) {
  return round([...list].sort((a, b) => a - b)[Math.floor((list.length - 1) * share)]);
}

function round(number) {
  return Math.round(number * 100) / 100;
}
