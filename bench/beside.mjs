/** What a delivery costs beside others who fan events out: one event at a time, and in bursts. Nobody else has a log, rights or resume. */
import { setTimeout as wait } from 'node:timers/promises';
import { startServer } from './children.mjs';
import { fixedRate } from './load.mjs';
import { TENANTS } from './options.mjs';
import { hasNchan, startNchan } from './peers/nchan.mjs';
import { cpuShare, cpuUs, untilQuiet } from './process-stat.mjs';

export const BURST = 20;
const WARM_UP_MS = 1500;
const QUIET_MS = 4000;
const DRAIN_MS = 4000;

/** How each of the others is started; nginx with its module is not everywhere. */
export function peers(say) {
  if (!hasNchan()) say('nginx with nchan is not installed: left out (Debian: nginx-light libnginx-mod-nchan)');
  return {
    raw: () => startServer('raw', 'peers/raw-server.mjs', ':ready'),
    ...(hasNchan() ? { nchan: startNchan } : {}),
    betterSse: () => startServer('better-sse', 'peers/better-sse-server.mjs', 'ready'),
    stock: () => startServer('stock @Sse()', 'peers/stock-server.mjs', '\n'),
  };
}

/** CPU µs a delivery of the server's process, net of what the same events cost it when nobody reads. */
export async function measureBeside({ subject, readers, options }) {
  const tokens = Array.from({ length: options.streams }, (_, index) => subject.readerToken(index % TENANTS));
  const cases = [
    { key: 'single', rate: options.rate },
    { key: 'burst', rate: options.rate * 4, burst: BURST },
  ];
  const alone = {};
  for (const { key, ...offer } of cases) alone[key] = await eventUs(subject, offer, options);
  await readers.ask('open', { port: subject.port, tokens, readyMark: subject.readyMark });
  const figures = {};
  for (const { key, ...offer } of cases) {
    const { costUs, events, report } = await offerTo(subject, readers, offer, options);
    figures[`${key}Us`] = (costUs - alone[key] * events) / report.deliveries;
    figures[`${key}P99Ms`] = report.p99Us / 1000;
    figures[`${key}Missing`] = events * (options.streams / TENANTS) - report.deliveries;
  }
  await readers.ask('close', { keep: 0 });
  return figures;
}

async function eventUs(subject, offer, options) {
  await fixedRate(subject, { ...offer, forMs: WARM_UP_MS });
  await untilQuiet(subject.pid, QUIET_MS);
  const idle = await cpuShare(subject.pid, options.idleMs);
  const [startedAt, before] = [performance.now(), cpuUs(subject.pid)];
  const events = await fixedRate(subject, { ...offer, forMs: options.deliverMs / 2 });
  return (cpuUs(subject.pid) - before - idle * (performance.now() - startedAt) * 1000) / events;
}

async function offerTo(subject, readers, offer, options) {
  const expected = (events) => events * (options.streams / TENANTS);
  await fixedRate(subject, { ...offer, forMs: WARM_UP_MS });
  await untilQuiet(subject.pid, QUIET_MS);
  const idle = await cpuShare(subject.pid, options.idleMs);
  await readers.ask('watch');
  const [startedAt, before] = [performance.now(), cpuUs(subject.pid)];
  const events = await fixedRate(subject, { ...offer, forMs: options.deliverMs });
  for (const end = performance.now() + DRAIN_MS; performance.now() < end; await wait(10)) {
    if ((await readers.ask('count')) >= expected(events)) break;
  }
  const costUs = cpuUs(subject.pid) - before - idle * (performance.now() - startedAt) * 1000;
  return { costUs, events, report: await readers.ask('report') };
}

const ROWS = [
  ['singleUs', 'CPU µs a delivery, events one at a time'],
  ['burstUs', `CPU µs a delivery, bursts of ${BURST}`],
  ['singleP99Ms', 'latency p99, ms, one at a time'],
  ['burstP99Ms', `latency p99, ms, bursts of ${BURST}`],
  ['singleMissing', 'not delivered, one at a time'],
  ['burstMissing', 'not delivered, bursts'],
];

/** One table: medians and spread of each, and Switchboard's ratio to it. */
export function renderBeside(rounds) {
  const names = Object.keys(rounds[0] ?? {});
  const lines = [['', ...names.flatMap((name) => (name === 'switchboard' ? [name] : [name, 'ratio']))]];
  for (const [key, label] of ROWS) {
    const cells = names.flatMap((name) => {
      const own = medianOf(rounds.map((round) => round[name][key]));
      const ratio = medianOf(rounds.map((round) => round.switchboard[key] / round[name][key]));
      return name === 'switchboard' ? [own] : [own, Number.isFinite(ratio) && !key.endsWith('Missing') ? ratio : NaN];
    });
    lines.push([label, ...cells.map((value) => (Number.isNaN(value) ? '–' : value.toFixed(2)))]);
  }
  return lines
    .map(([label, ...cells]) => label.padEnd(44) + cells.map((cell) => cell.padStart(14)).join(''))
    .join('\n');
}

function medianOf(values) {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((one, other) => one - other);
  if (sorted.length === 0) return NaN;
  return (sorted[Math.ceil(sorted.length / 2) - 1] + sorted[Math.floor(sorted.length / 2)]) / 2;
}
