/**
 * What a delivery costs, compared with other servers that fan events out: every event goes to all streams, one at a
 * time and in bursts. None of the others has a log, rights or resume.
 */
import { startServer } from './children.mjs';
import { hasNchan, startNchan } from './peers/nchan.mjs';
import { offered, openStreams } from './window.mjs';

const BURST = 20;
const AGENT = 0;

/** How each of the others is started; nginx with its module is not installed everywhere. */
export function peers(say) {
  if (!hasNchan()) say('nginx with nchan is not installed: left out (Debian: nginx-light libnginx-mod-nchan)');
  return {
    raw: () => startServer('raw', 'peers/raw-server.mjs', ':ready'),
    ...(hasNchan() ? { nchan: startNchan } : {}),
    betterSse: () => startServer('better-sse', 'peers/better-sse-server.mjs', 'ready'),
    stock: () => startServer('stock @Sse()', 'peers/stock-server.mjs', '\n'),
  };
}

/** CPU µs per delivery of the server's process, minus what the same events cost it when nobody reads. */
export async function measureBeside({ subject, readers, options }, figures) {
  const { streams } = options;
  const offer = { agent: AGENT, rate: (options.rate * 40) / streams };
  const cases = [
    { key: 'single', offer: { ...offer, eventsARequest: 1 } },
    { key: 'burst', offer: { ...offer, rate: offer.rate * 4, eventsARequest: BURST } },
  ];
  await openStreams({ subject, readers }, streams, 1);
  for (const one of cases) {
    const { costUs, events, report } = await offered({ subject, readers, offer: one.offer, readersAnEvent: streams, options });
    Object.assign(one, { costUs, events, deliveries: report.deliveries });
    figures[`${one.key}P99Ms`] = report.p99Us / 1000;
    figures[`${one.key}Missing`] = events * streams - report.deliveries;
  }
  await readers.ask('close', { keep: 0 });
  // The run without readers comes second: first, it would include code that V8 has not compiled yet.
  for (const { key, offer: same, costUs, events, deliveries } of cases) {
    const unread = await offered({ subject, readers, offer: same, readersAnEvent: 0, options });
    figures[`${key}Us`] = (costUs - (unread.costUs / unread.events) * events) / deliveries;
  }
} // prettier-ignore

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
  const sorted = values.filter((value) => Number.isFinite(value)).sort((one, other) => one - other);
  if (sorted.length === 0) return NaN;
  return (sorted[Math.ceil(sorted.length / 2) - 1] + sorted[Math.floor(sorted.length / 2)]) / 2;
}
