/** What a run of the bench measures and for how long; `--help` prints the list. */
import { parseArgs } from 'node:util';

const HELP = `npm run bench -- [options]
  --rounds <n>     rounds of Switchboard and bare server in turn (default 3)
  --streams <n>    open streams while events are delivered (default 1000)
  --rate <n>       events a second offered while delivering (default 500)
  --crowd <n>      streams of among and storm (default 10000)
  --quick          under a minute in all: one short round
  --only <parts>   of ingest,delivery,idle,rights,beside,latency,copy,catchup,among,backlog,storm,stalled
                   (default all), or growth, which is run only when it is named
  --events <n>     events of the log that has grown, of growth (default 1,000,000; 10,000,000 take an hour and 15 GB)
  --keep <dir>     fill growth's databases there once, and use them again
  --save           also write bench/results/<date>.json
  --cpu-prof <dir> run Switchboard with node --cpu-prof; its figures are then not comparable
`;

/** Tenants of a run; each owns one agent, and the streams are spread evenly over them. */
export const TENANTS = 100;

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {number} streams
 * @property {number} manyStreams  idle streams of the second memory figure; equal to `streams`: there is none
 * @property {number} crowd        streams of the scenarios with many
 * @property {string[]} limits      scenarios of `limits.mjs` that are asked for
 * @property {number} rate         events a second, open loop
 * @property {number} deliverMs    length of a measured window of delivery
 * @property {number} idleMs       length of the idle window whose CPU is subtracted
 * @property {number} ingestMs     length of one measured ingest case
 * @property {number} settleMs     longest wait for a resident size to hold still
 * @property {{ingest: boolean, delivery: boolean, idle: boolean, rights: boolean, beside: boolean}} parts
 * @property {{events: number, keptIn: string | undefined} | undefined} growth
 * @property {boolean} save
 * @property {string | undefined} cpuProf
 */

/** Scenarios of `limits.mjs`. */
const LIMITS = ['latency', 'copy', 'catchup', 'among', 'backlog', 'storm', 'stalled'];

/** @returns {Options} */
export function readOptions(args = process.argv.slice(2)) {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string' },
      streams: { type: 'string' },
      rate: { type: 'string', default: '500' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: ['ingest,delivery,idle,rights,beside', ...LIMITS].join() },
      crowd: { type: 'string' },
      events: { type: 'string', default: '1000000' },
      keep: { type: 'string' },
      save: { type: 'boolean', default: false },
      'cpu-prof': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const quick = values.quick;
  const streams = wholeNumber('--streams', values.streams ?? '1000');
  const chosen = values.only.split(',');
  return {
    rounds: wholeNumber('--rounds', values.rounds ?? (quick ? '1' : '3')),
    streams,
    manyStreams: quick ? streams : streams * 5,
    crowd: wholeNumber('--crowd', values.crowd ?? (quick ? '1000' : '10000')),
    rate: wholeNumber('--rate', values.rate),
    deliverMs: quick ? 2500 : 5000,
    idleMs: quick ? 1000 : 2000,
    ingestMs: quick ? 800 : 2000,
    settleMs: quick ? 2000 : 5000,
    parts: {
      ingest: chosen.includes('ingest'),
      delivery: chosen.includes('delivery'),
      idle: chosen.includes('idle'),
      rights: chosen.includes('rights'),
      beside: chosen.includes('beside'),
    },
    growth: chosen.includes('growth')
      ? { events: wholeNumber('--events', String(Number(values.events))), keptIn: values.keep }
      : undefined,
    limits: LIMITS.filter((name) => chosen.includes(name)),
    save: values.save,
    cpuProf: values['cpu-prof'],
  };
}

function wholeNumber(name, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`bench: ${name} must be a whole number above 0\n\n${HELP}`);
  process.exit(2);
}
