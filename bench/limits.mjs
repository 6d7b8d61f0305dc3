/**
 * Switchboard at its limits, one scenario after the other. Each starts its own server, and the peer that it is compared
 * with.
 */
import { startCrowd, startReaders, startBare, startServer } from './children.mjs';
import * as among from './limits/among.mjs';
import * as backlog from './limits/backlog.mjs';
import * as catchup from './limits/catchup.mjs';
import * as copy from './limits/copy.mjs';
import * as latency from './limits/latency.mjs';
import * as stalled from './limits/stalled.mjs';
import * as storm from './limits/storm.mjs';
import { spread } from './report.mjs';
import { createDataDir, startSwitchboard } from './switchboard.mjs';

export const SCENARIOS = { latency, copy, catchup, among, backlog, storm, stalled };

/** @returns {Promise<Record<string, number>[]>} the figures of each round */
export async function runLimits(options, say, attempts) {
  const rounds = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    const figures = {};
    for (const name of Object.keys(SCENARIOS).filter((one) => options.limits.includes(one))) {
      const what = `round ${round}/${options.rounds}  ${name.padEnd(8)}`;
      const progress = (phase) => say(`${what}  ${phase}`);
      progress('starting');
      const own = {};
      await attempts.make(what, own, async () => Object.assign(own, await runOnce(SCENARIOS[name], options, progress)));
      Object.assign(figures, own);
    }
    rounds.push(figures);
  }
  return rounds;
}

async function runOnce(scenario, options, progress) {
  const run = { readerTokens: [], cpuProf: options.cpuProf, preload: scenario.preload };
  const subject = await startSwitchboard(createDataDir(), run);
  const [readers, crowd] = [startReaders(), startCrowd()];
  const startPipe = (file) => startServer('bare', 'peers/pipe-server.mjs', '', [file]);
  try {
    return await scenario.measure({ subject, readers, crowd, options, progress, startBare, startPipe });
  } finally {
    await Promise.all([readers.end(), crowd.end()]);
    await subject.end();
  }
}

/** One row per figure: median and spread, and whether its target is met (`target`: at most, `least`: at least). */
export function summariseLimits(rounds, options) {
  const rows = Object.values(SCENARIOS).flatMap((scenario) => scenario.rows(options));
  return rows.flatMap(({ key, label, target, least }) => {
    const value = spread(rounds.map((round) => round[key]));
    if (value === undefined) return [];
    const goal = target !== undefined ? { text: `≤ ${target}`, met: value.median <= target } : undefined;
    const floor = least !== undefined ? { text: `≥ ${least.toLocaleString('en')}`, met: value.median >= least } : goal;
    return [{ key, label, ...value, target: floor }];
  });
}

export function renderLimits(summary) {
  const digits = (value) => (Math.abs(value) >= 100 ? 0 : 2);
  const number = (value) => value.toLocaleString('en', { maximumFractionDigits: digits(value) });
  return summary
    .map(({ label, median, min, max, target }) => {
      const verdict = target ? `   ${target.text}  ${target.met ? 'met' : 'MISSED'}` : '';
      return `${label.padEnd(76)}${`${number(median)} (${number(min)}–${number(max)})`.padStart(28)}${verdict}`;
    })
    .join('\n');
}
