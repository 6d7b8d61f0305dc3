// `node scripts/reliability/workers.mjs [--streams 3000] [--rate 400] [--bus nats://…]`: what `--workers 2` does for
// readers. On a machine whose cores the load and the readers use too, the most that it could serve cannot be had. But
// the same events with few and with many streams say what a stream costs the process that has it, and what the events
// cost it anyhow; from there a line leads to the streams that would use up a core.
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startReaders } from '../../bench/children.mjs';
import { agentName, fixedRate } from '../../bench/load.mjs';
import { TENANTS } from '../../bench/options.mjs';
import { cpuUs } from '../../bench/process-stat.mjs';
import { Fleet, save } from './fleet.mjs';

const options = { streams: { type: 'string' }, rate: { type: 'string' }, bus: { type: 'string' } };
const { values } = parseArgs({ options });
const many = Number(values.streams ?? 3000);
const few = Math.round(many / 6);
const rate = Number(values.rate ?? 400);
const WARM_UP_MS = 4000;
const MEASURE_MS = 10_000;
const DRAIN_MS = 1000;
/** A second worker listens some time after the first, and only the first reports that the server is ready. */
const ALL_WORKERS_MS = 4000;

const rows = [await measure(1), await measure(2)];
if (values.bus !== undefined) rows.push(await measure(2, values.bus));
for (const row of rows) row.times = Number((row.mostStreams / rows[0].mostStreams).toFixed(2));
console.table(rows);
save('workers', { few, many, eventsPerSecond: rate, readersAnEvent: many / TENANTS, rows });

async function measure(workers, bus) {
  const variables = { WORKERS: String(workers), STREAM_PING_SECONDS: '300', ...(bus && { BUS_URL: bus }) };
  const fleet = await Fleet.start({ variables });
  const readers = startReaders();
  try {
    const [{ port, child }] = fleet.servers;
    const tokens = [];
    for (let index = 0; index < TENANTS; index += 1)
      tokens.push(await fleet.createTenant(`t${index}`, agentName(index)));
    await wait(ALL_WORKERS_MS);
    const pids = workers === 1 ? [child.pid] : childrenOf(child.pid);
    if (pids.length !== workers) throw new Error(`${pids.length} workers instead of ${workers}`);
    const open = (from, to) => {
      const chosen = Array.from({ length: to - from }, (_, at) => tokens[(from + at) % TENANTS]);
      return readers.ask('open', { port, tokens: chosen, readyMark: 'event: log.caught_up' });
    };
    const subject = { port, ingestToken: fleet.adminToken };
    await open(0, few);
    await fixedRate(subject, { rate, forMs: WARM_UP_MS });
    const [withFew] = await cpuWith(subject, pids, readers, few);
    await open(few, many);
    const [withMany, report] = await cpuWith(subject, pids, readers, many);
    // Streams are spread over the workers in turn; the busiest worker is full first.
    const full = (at) => few + ((100 - withFew[at]) / (withMany[at] - withFew[at])) * (many - few);
    return {
      workers,
      bus: bus === undefined ? 'NOTIFY' : new URL(bus).protocol.slice(0, -1),
      'cpu % with few': withFew.map((share) => share.toFixed(1)).join(' '),
      'with many': withMany.map((share) => share.toFixed(1)).join(' '),
      mostStreams: Math.round(Math.min(...pids.map((_, at) => full(at)))),
      ...report,
    };
  } finally {
    await readers.end();
    await fleet.end();
  }
}

/** Share of a core that each process uses, in %, and how the readers fare. */
async function cpuWith(subject, pids, readers, streams) {
  await wait(DRAIN_MS);
  await readers.ask('watch');
  const before = pids.map(cpuUs);
  const startedAt = performance.now();
  const events = await fixedRate(subject, { rate, forMs: MEASURE_MS });
  const tookUs = (performance.now() - startedAt) * 1000;
  const shares = pids.map((pid, at) => ((cpuUs(pid) - before[at]) / tookUs) * 100);
  await wait(DRAIN_MS);
  const { deliveries, outOfOrder, p50Us, p99Us } = await readers.ask('report');
  const missing = (events * streams) / TENANTS - deliveries + outOfOrder;
  return [shares, { missing, p50Ms: p50Us / 1000, p99Ms: p99Us / 1000 }];
}

function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}
