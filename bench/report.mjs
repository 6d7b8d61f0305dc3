/**
 * The figures of all rounds as one table: medians, their spread, the ratio, and whether the required minimum is met.
 */
import { cpus } from 'node:os';
import { INGEST_CASES, ingestKey } from './rounds.mjs';

/**
 * The minimum that the product promises (docs/performance.md). A ratio is Switchboard's figure divided by the bare
 * server's.
 */
const INGEST_FLOOR = { text: '≥ 5,000', of: 'ours', met: (value) => value >= 5000 };
const DELIVERY_FLOOR = { text: '≤ 2.5 ×', of: 'ratio', met: (value) => value <= 2.5 };
const RIGHTS_FLOOR = { text: '≤ 1,000', of: 'ours', met: (value) => value <= 1000 };
const IDLE_FLOOR = { text: '≤ 2 ×', of: 'ratio', met: (value) => value <= 2 };

const count = (value) => Math.round(value).toLocaleString('en');

/** @param {import('./options.mjs').Options} options */
function sections({ streams, manyStreams, rate }) {
  const perEvent = streams / 100;
  return [
    {
      title: 'ingest → commit, durable events a second',
      rows: INGEST_CASES.map(({ connections, eventsARequest }) => ({
        key: ingestKey(connections, eventsARequest),
        label: `${connections} ${connections === 1 ? 'connection' : 'connections'} × ${count(eventsARequest)} a request`,
        digits: 0,
        floor: eventsARequest >= 100 ? INGEST_FLOOR : undefined,
      })),
    },
    {
      title: `delivery: ${count(rate)} events/s, ${count(rate * perEvent)} deliveries/s to ${count(streams)} streams`,
      rows: [
        { key: 'deliveryNetUs', label: 'CPU µs a delivery, net of ingest', digits: 1, floor: DELIVERY_FLOOR },
        { key: 'deliveryGrossUs', label: 'CPU µs a delivery, ingest included', digits: 1 },
        { key: 'ingestUs', label: 'CPU µs an event taken in, unread', digits: 0 },
        { key: 'p50Ms', label: 'latency p50, ms', digits: 2 },
        { key: 'p99Ms', label: 'latency p99, ms', digits: 2 },
        { key: 'idleCpuPercent', label: 'CPU while idle, % of a core', digits: 1, noRatio: true },
        { key: 'missing', label: 'deliveries lost or out of order', digits: 0, noRatio: true },
      ],
    },
    {
      title: 'an idle stream, resident KB',
      rows: [
        { key: 'idleKb', label: `of ${count(streams)} streams`, digits: 1, floor: IDLE_FLOOR },
        ...(manyStreams > streams
          ? [{ key: 'idleManyKb', label: `of ${count(manyStreams)} streams`, digits: 1, floor: IDLE_FLOOR }]
          : []),
      ],
    },
    {
      title: `a right that changes, felt by an open stream, ms (200 of each, beside ${count(streams)} streams)`,
      rows: [
        { key: 'revocationP50Ms', label: 'token revoked → socket closed, p50', digits: 1 },
        { key: 'revocationP99Ms', label: '… p99', digits: 1 },
        { key: 'revocationMaxMs', label: '… longest', digits: 1, floor: RIGHTS_FLOOR },
        { key: 'transferP50Ms', label: 'agent transferred → first event, p50', digits: 1 },
        { key: 'transferP99Ms', label: '… p99', digits: 1 },
        { key: 'transferMaxMs', label: '… longest', digits: 1, floor: RIGHTS_FLOOR },
      ],
    },
    {
      title: 'what a durable event costs, CPU µs: process + its PostgreSQL',
      rows: INGEST_CASES.map(({ connections, eventsARequest }) => ({
        key: `${ingestKey(connections, eventsARequest)}Us`,
        plus: `${ingestKey(connections, eventsARequest)}DatabaseUs`,
        label: `${connections} × ${count(eventsARequest)} a request`,
        digits: 0,
      })),
    },
  ];
}

/** @param {{ours: Record<string, number>, bare: Record<string, number>}[]} rounds */
export function summarise(rounds, options) {
  return sections(options).flatMap(({ title, rows }) => {
    const lines = rows.map((row) => summariseRow(row, rounds)).filter((line) => line.ours !== undefined);
    return lines.length === 0 ? [] : [{ title, rows: lines }];
  });
}

function summariseRow(row, rounds) {
  const of = (side, key = row.key) => spread(rounds.map((round) => round[side][key]));
  const ours = of('ours');
  const bare = of('bare');
  const ratio = row.noRatio ? undefined : spread(rounds.map((round) => round.ours[row.key] / round.bare[row.key]));
  const plus = row.plus && of('ours', row.plus);
  const judged = row.floor && { ours, ratio }[row.floor.of];
  const floor = judged && { text: row.floor.text, met: row.floor.met(judged.median) };
  return { key: row.key, label: row.label, digits: row.digits, ours, plus, bare, ratio, floor };
}

export function spread(values) {
  const known = values.filter((value) => Number.isFinite(value)).sort((one, other) => one - other);
  if (known.length === 0) return undefined;
  const middle = known.length / 2;
  const median = (known[Math.ceil(middle) - 1] + known[Math.floor(middle)]) / 2;
  return { median, min: known[0], max: known.at(-1) };
}

/** The machine and the software, without which no figure has a meaning. */
export function circumstances(options) {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    machine: `${cpus().length} × ${cpu?.model ?? 'unknown'}, ${process.platform}`,
    node: process.version,
    rounds: options.rounds,
    streams: options.streams,
    rate: options.rate,
  };
}

export function renderTable(summary, { date, machine, node, rounds }) {
  const columns = [40, 30, 26, 20];
  const line = (...cells) =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(columns[0]) : cell.padStart(columns[index] ?? 0))).join('');
  const out = [
    `Switchboard bench · ${date.slice(0, 16).replace('T', ' ')} UTC · ${machine} · Node ${node} · median (min–max) of ${rounds}`,
    '',
    line('', 'Switchboard', 'bare node:http', 'ratio') + '   floor',
  ];
  for (const { title, rows } of summary) {
    out.push(title);
    for (const { label, digits, ours, plus, bare, ratio, floor } of rows) {
      const mine = plus ? `${number(ours.median, digits)} + ${number(plus.median, digits)}` : cell(ours, digits);
      const verdict = floor ? `   ${floor.text}  ${floor.met ? 'met' : 'MISSED'}` : '';
      out.push(line(`  ${label}`, mine, cell(bare, digits), cell(ratio, 2)) + verdict);
    }
  }
  return out.join('\n') + '\n';
}

function cell(value, digits) {
  if (value === undefined) return '–';
  const { median, min, max } = value;
  return min === max
    ? number(median, digits)
    : `${number(median, digits)} (${number(min, digits)}–${number(max, digits)})`;
}

function number(value, digits) {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
