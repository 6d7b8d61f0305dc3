// `node scripts/reliability/churn.mjs [--minutes 30] [--warm-up 10] [--connects 100]`: two processes, clients that come
// and go all the time, events that flow. What stays behind of a client that has left would show as a slope: of the heap
// after a full collection, of open handles, of connections to the database. Slopes are least squares over the samples
// after the warm-up. That is minutes: V8 goes on compiling what is called seldom, and what it compiles counts as heap.
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Fleet, save } from './fleet.mjs';
import { openStream } from './sse-client.mjs';

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, 'warm-up': { type: 'string' }, connects: { type: 'string' } },
});
const minutes = Number(values.minutes ?? 30);
const warmUpMinutes = Number(values['warm-up'] ?? 10);
const connectsPerSecond = Number(values.connects ?? 100);
const TENANTS = 20;
const EVENTS_PER_SECOND = 20;
/** Calls repeat, so that what a process remembers of calls does not grow with the run. */
const CALLS_A_TENANT = 10;
/** A client stays between 0 and this many ms, so that some leave before their stream is live. */
const LONGEST_STAY_MS = 4000;
const SAMPLE_MS = 10_000;
const SETTLE_MS = 5000;
/** The bound that must hold: MB an hour. */
const MOST_MB_PER_HOUR = 2;

const fleet = await Fleet.start({ processes: 2 });
const startedAt = performance.now();
const warmAt = startedAt + warmUpMinutes * 60_000;
const endsAt = warmAt + minutes * 60_000;
const counts = { connects: 0, live: 0, resumed: 0, failed: 0, events: 0, frames: 0 };
const samples = [];

try {
  const tokens = [];
  for (let index = 0; index < TENANTS; index += 1) tokens.push(await fleet.createTenant(`t${index}`, `a${index}`));
  const before = await look();
  await Promise.all([come(tokens), feed(), sample()]);
  await wait(LONGEST_STAY_MS + SETTLE_MS);
  report(before, await look());
} finally {
  await fleet.end();
}

/** Opens streams at the rate. Each leaves by itself, by FIN or by RST; every third one has a cursor of its tenant's. */
async function come(tokens) {
  const cursors = tokens.map(() => undefined);
  const begunAt = performance.now();
  while (performance.now() < endsAt) {
    const due = ((performance.now() - begunAt) / 1000) * connectsPerSecond;
    for (; counts.connects < due; counts.connects += 1) visit(counts.connects, tokens, cursors);
    await wait(10);
  }
}

function visit(number, tokens, cursors) {
  const tenant = number % tokens.length;
  const { port } = fleet.servers[Math.floor(number / tokens.length) % fleet.servers.length];
  const lastEventId = number % 3 === 0 ? cursors[tenant] : undefined;
  if (lastEventId !== undefined) counts.resumed += 1;
  const socket = openStream({ port, token: tokens[tenant], lastEventId }, (frame) => {
    counts.frames += 1;
    if (frame.includes('event: log.caught_up')) counts.live += 1;
    cursors[tenant] = /\nid: (\d+)/.exec(frame)?.[1] ?? cursors[tenant];
  });
  let leaving = false;
  socket.on('error', () => undefined); // Counted when it closes.
  socket.on('close', () => (counts.failed += leaving ? 0 : 1));
  const leave = () => {
    leaving = true;
    if (number % 2 === 0) socket.resetAndDestroy();
    else socket.destroy();
  };
  setTimeout(leave, Math.random() * LONGEST_STAY_MS);
}

/** Calls that begin, speak and end, through either process in turn. */
async function feed() {
  for (let number = 0; performance.now() < endsAt; number += 1) {
    const callId = `call-${Math.floor(number / 200) % CALLS_A_TENANT}-${number % TENANTS}`;
    const turn = Math.floor(number / TENANTS) % 10;
    const about = { agent: `a${number % TENANTS}`, callId, messageId: `m${number}` };
    const event =
      turn === 0
        ? { event: 'call.started', from: '+34611111111', ...about }
        : turn === 9
          ? { event: 'call.ended', reason: 'hangup', ...about }
          : { event: 'user.message', text: 'I would like to move my appointment to Thursday', ...about };
    const { url } = fleet.servers[number % fleet.servers.length];
    const headers = { authorization: `Bearer ${fleet.adminToken}`, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/v1/ingest`, { method: 'POST', headers, body: JSON.stringify(event) });
    if (!answer.ok) throw new Error(`ingest answered ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
    counts.events += 1;
    const aheadMs = startedAt + (number * 1000) / EVENTS_PER_SECOND - performance.now();
    if (aheadMs > 0) await wait(aheadMs);
  }
}

async function look() {
  const servers = [];
  for (const server of fleet.servers) {
    const { heapUsed, codeUsed, rss, external } = await server.memory();
    const [heapMb, codeMb, externalMb, rssMb] = [heapUsed, codeUsed, external, rss].map((bytes) => bytes / 2 ** 20);
    servers.push({ heapMb, codeMb, externalMb, rssMb, handles: server.handles() });
  }
  return { atSeconds: (performance.now() - startedAt) / 1000, databaseConnections: await fleet.databaseConnections(), servers }; // prettier-ignore
}

async function sample() {
  while (performance.now() < endsAt) {
    const seen = await look();
    samples.push(seen);
    const heaps = seen.servers.map(({ heapMb, handles }) => `${heapMb.toFixed(1)} MB ${handles} handles`).join('   ');
    process.stderr.write(`${seen.atSeconds.toFixed(0).padStart(5)} s   ${heaps}   ${seen.databaseConnections} database connections\n`); // prettier-ignore
    await wait(SAMPLE_MS);
  }
}

/** Per hour, by least squares. */
function slope(valueOf) {
  const points = samples.filter(({ atSeconds }) => startedAt + atSeconds * 1000 >= warmAt);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map((one) => one.atSeconds)), mean(points.map(valueOf))];
  const over = points.reduce((sum, one) => sum + (one.atSeconds - meanX) * (valueOf(one) - meanY), 0);
  const under = points.reduce((sum, one) => sum + (one.atSeconds - meanX) ** 2, 0);
  return (over / under) * 3600;
}

function report(before, after) {
  const rows = fleet.servers.map((_, index) => ({
    process: index,
    'heap MB/h': Number(slope(({ servers }) => servers[index].heapMb).toFixed(2)),
    '… of it code': Number(slope(({ servers }) => servers[index].codeMb).toFixed(2)),
    'heap MB, before and after': `${before.servers[index].heapMb.toFixed(1)} ${after.servers[index].heapMb.toFixed(1)}`,
    'handles/h': Number(slope(({ servers }) => servers[index].handles).toFixed(1)),
    'handles, before and after': `${before.servers[index].handles} ${after.servers[index].handles}`,
  }));
  const database = {
    perHour: Number(slope(({ databaseConnections }) => databaseConnections).toFixed(2)),
    before: before.databaseConnections,
    after: after.databaseConnections,
  };
  console.table(rows);
  console.log('connections to the database', database, 'counted', counts);
  const held = rows.every((row) => row['heap MB/h'] < MOST_MB_PER_HOUR) && counts.failed === 0;
  console.log(held ? 'held' : 'NOT HELD', `(bar: ${MOST_MB_PER_HOUR} MB of heap an hour, no stream that ends by itself)`);
  save('churn', { minutes, warmUpMinutes, connectsPerSecond, held, rows, database, counts, before, after, samples });
  process.exitCode = held ? 0 : 1;
} // prettier-ignore
