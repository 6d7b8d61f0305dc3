/**
 * The tables of docs/scale.md, from model.mjs and its inputs.
 *   node scripts/scale/simulate.mjs                    prints them
 *   node scripts/scale/simulate.mjs --deliver-us 5     with another input; names as in model.mjs
 *   node scripts/scale/simulate.mjs --write | --check  puts them into the page | fails where the page says otherwise
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CHOSEN, MEASURED, appendLimit, fleetFor, simulateAppend } from './model.mjs';

const PAGE = new URL('../../docs/scale.md', import.meta.url);
const DEFAULTS = { ...MEASURED, ...CHOSEN };
const flagOf = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const options = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [flagOf(name), { type: 'string' }]));
const flags = { write: { type: 'boolean' }, check: { type: 'boolean' } };
const { values } = parseArgs({ options: { ...options, ...flags } });
const inputs = Object.fromEntries(
  Object.entries(DEFAULTS).map(([name, value]) => [name, Number(values[flagOf(name)] ?? value)]),
);
for (const [name, value] of Object.entries(inputs))
  if (!(value > 0)) throw new Error(`--${flagOf(name)}: must be a number above 0`);

const number = (value, digits = 0) =>
  value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits });
const percent = (share) => `${number(share * 100)} %`;

function table(head, rows) {
  return [head, head.map(() => '-'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function inputTable() {
  return table(
    ['input', 'value'],
    Object.entries(inputs).map(([name, value]) => [`\`${name}\``, number(value, value < 100 ? 2 : 0)]),
  );
}

function appendTable() {
  const rates = [500, 2000, 5000, 10_000, 20_000, 25_000, 30_000, 35_000];
  return table(
    [
      'durable events/s',
      'calls',
      'of what appends can',
      'events an append',
      'commit p50',
      'p99',
      'of what projection can',
    ],
    rates.map((rate) => {
      const { meanBatch, p50Ms, p99Ms, lost } = simulateAppend(rate, inputs);
      const projecting = rate / inputs.projectPerSecond;
      return [
        number(rate),
        number(rate / inputs.durablePerCallSecond),
        lost ? 'falls behind' : percent(rate / appendLimit(inputs)),
        number(meanBatch, meanBatch < 10 ? 1 : 0),
        ...(lost ? ['–', '–'] : [`${number(p50Ms, 1)} ms`, `${number(p99Ms, 1)} ms`]),
        projecting > 1 ? 'falls behind' : percent(projecting),
      ];
    }),
  );
}

const LOADS = [
  { calls: 1000, readers: 10_000, tenants: 100 },
  { calls: 10_000, readers: 100_000, tenants: 1000 },
  { calls: 10_000, readers: 100_000, tenants: 100 },
  { calls: 100_000, readers: 1_000_000, tenants: 10_000 },
];

/** By `any` routing, and by `tenant`. */
const both = (any, tenant) => `${any} / ${tenant}`;

function fleetTable() {
  const head = ['calls', 'readers', 'tenants', 'events/s', 'deliveries/s', 'processes', 'of a core: receiving'];
  return table(
    [...head, 'bus out, MB/s', 'log, GB a day'],
    LOADS.map((load) => {
      const [any, tenant] = ['any', 'tenant'].map((routing) => fleetFor(load, routing, inputs));
      const of = (show) => both(...[any, tenant].map((fleet) => (fleet.processes === Infinity ? 'none' : show(fleet))));
      return [
        ...[load.calls, load.readers, load.tenants, any.events, any.deliveries].map((value) => number(value)),
        of(({ processes }) => number(processes)),
        of(({ receivingShare }) => percent(receivingShare)),
        of(({ busMbPerSecond }) => number(busMbPerSecond)),
        number((any.durable * inputs.storedBytes * 86_400) / 1e9),
      ];
    }),
  );
}

const tables = { inputs: inputTable(), append: appendTable(), fleet: fleetTable() };
const block = (name) => new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- /${name} -->)`);
/** Compares the contents: the formatter decides how wide a column is. */
const asRead = (text) => text.replace(/ +/g, ' ').replace(/-+/g, '-').trim();

if (values.write) {
  let page = readFileSync(PAGE, 'utf8');
  for (const [name, text] of Object.entries(tables)) page = page.replace(block(name), `$1\n${text}\n$2`);
  writeFileSync(PAGE, page);
} else if (values.check) {
  const page = readFileSync(PAGE, 'utf8');
  const stale = Object.keys(tables).filter(
    (name) =>
      asRead(
        block(name)
          .exec(page)?.[0]
          .replace(/<!--.*?-->/g, '') ?? '',
      ) !== asRead(tables[name]),
  );
  if (stale.length > 0) throw new Error(`docs/scale.md is not what the model says: ${stale.join(', ')} (--write)`);
} else {
  for (const [name, text] of Object.entries(tables)) process.stdout.write(`${name}\n${text}\n\n`);
  process.stdout.write(`appends end at ${number(appendLimit(inputs))} durable events/s\n`);
}
