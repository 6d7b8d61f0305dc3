/**
 * `npm run bench`: Switchboard beside a bare `node:http` server, in turn, on this machine. The load comes from this
 * process, the readers are a second, the server under test a third; so its CPU and memory are its own. Figures are not
 * tests: the exit code is 0 whatever they are, and 1 only when some could not be had. They are told as they come, and
 * those that were had are printed whatever becomes of the others.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Attempts } from './attempts.mjs';
import { measureBeside, peers, renderBeside } from './beside.mjs';
import { endEverything, startBare, startReaders } from './children.mjs';
import { renderLimits, runLimits, summariseLimits } from './limits.mjs';
import { measureGrowth, renderGrowth } from './growth.mjs';
import { readOptions } from './options.mjs';
import { fileLimit, hasProc } from './process-stat.mjs';
import { circumstances, renderTable, summarise } from './report.mjs';
import { measure } from './rounds.mjs';
import { createDataDir, startSwitchboard } from './switchboard.mjs';

/** Files that a server holds open besides its streams. */
const OTHER_FILES = 200;

const startedAt = performance.now();

function say(text) {
  process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);
}

const attempts = new Attempts(say);

/** Leaves out what this machine cannot measure, and says so. */
function fitToMachine(options) {
  const most = fileLimit() - OTHER_FILES;
  if (!hasProc) {
    say('no /proc here: CPU and memory of a process cannot be read, delivery and idle streams are left out');
    return { ...options, parts: { ...options.parts, delivery: false, idle: false } };
  }
  if (options.streams > most)
    throw new Error(`${options.streams} streams need a higher limit of open files (ulimit -n)`);
  if (options.crowd > most) {
    say(`${most} instead of ${options.crowd} streams: more need a higher limit of open files (ulimit -n)`);
    options = { ...options, crowd: most };
  }
  if (options.manyStreams <= most) return options;
  say(`only ${options.streams} idle streams: ${options.manyStreams} need a higher limit of open files (ulimit -n)`);
  return { ...options, manyStreams: options.streams };
}

async function runRounds(options) {
  const run = { readerTokens: [], cpuProf: options.cpuProf };
  const dataDir = createDataDir();
  const starts = { ours: () => startSwitchboard(dataDir, run), bare: startBare };
  const needsBare = options.parts.delivery || options.parts.idle;
  const rounds = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    const figures = { ours: {}, bare: {} };
    // Every other round runs in the opposite order: neither side always gets the quieter machine.
    const sides = round % 2 === 1 ? ['ours', 'bare'] : ['bare', 'ours'];
    for (const side of sides.filter((one) => one === 'ours' || needsBare)) {
      const what = `round ${round}/${options.rounds}  ${side.padEnd(4)}`;
      const progress = (phase) => say(`${what}  ${phase}`);
      progress('starting');
      await attempts.make(what, figures[side], () => measureOnce(starts[side], options, progress, figures[side]));
    }
    rounds.push(figures);
  }
  return rounds;
}

async function measureOnce(start, options, progress, figures) {
  const subject = await start();
  const readers = startReaders();
  try {
    await measure({ subject, readers, options, progress }, figures);
  } finally {
    await readers.end();
    await subject.end();
  }
}

/** All of them in turn, starting with another one in each round. */
async function runBeside(options) {
  const run = { readerTokens: [], cpuProf: options.cpuProf };
  const dataDir = createDataDir();
  const starts = Object.entries({ switchboard: () => startSwitchboard(dataDir, run), ...peers(say) });
  const rounds = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    const figures = {};
    for (let turn = 0; turn < starts.length; turn += 1) {
      const [name, start] = starts[(turn + round - 1) % starts.length];
      const what = `round ${round}/${options.rounds}  ${name}`;
      say(what);
      const own = (figures[name] = {});
      await attempts.make(what, own, () => measureOneBeside(start, options, own));
    }
    rounds.push(Object.fromEntries(starts.map(([name]) => [name, figures[name]])));
  }
  return rounds;
}

async function measureOneBeside(start, options, figures) {
  const subject = await start();
  const readers = startReaders();
  try {
    await measureBeside({ subject, readers, options }, figures);
  } finally {
    await readers.end();
    await subject.end();
  }
}

function save(result) {
  const folder = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = `${folder}${result.date.slice(0, 10)}.json`;
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  say(`saved ${file}`);
}

let ending = false;

/** Ends the run from outside its normal course; failures that this causes are not reported. */
function endNow(exitCode) {
  if (ending) return;
  ending = true;
  say('stopping');
  endEverything().finally(() => process.exit(exitCode));
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => endNow(130));
process.on('uncaughtException', (error) => {
  if (!ending && attempts.take(error)) return;
  if (!ending) process.stderr.write(`bench: ${error.stack}\n`);
  endNow(1);
});

try {
  const options = fitToMachine(readOptions());
  const about = circumstances(options);
  const needsRounds = Object.entries(options.parts).some(([part, isAsked]) => isAsked && part !== 'beside');
  const result = { ...about, summary: [], rounds: [], beside: [], limits: [], failures: attempts.failures };
  const keep = (part, table) => {
    Object.assign(result, part);
    process.stdout.write(`\n${table}\n`);
    if (options.save) save(result);
  };
  if (needsRounds) {
    const rounds = await runRounds(options);
    const summary = summarise(rounds, options);
    keep({ rounds, summary }, renderTable(summary, about));
  }
  if (options.parts.beside) {
    const beside = await runBeside(options);
    keep({ beside }, renderBeside(beside));
  }
  if (options.limits.length > 0) {
    const limits = summariseLimits(await runLimits(options, say, attempts), options);
    keep({ limits }, renderLimits(limits));
  }
  if (options.growth) {
    const growth = await measureGrowth(options.growth, say);
    keep({ growth }, renderGrowth(growth, options.growth.events));
    if (growth.some(({ met }) => !met)) process.exitCode = 1;
  }
  process.stdout.write(attempts.render());
  if (attempts.failures.length > 0) process.exitCode = 1;
} catch (error) {
  if (!ending) process.stderr.write(`bench: ${error.stack}\n`);
  process.exitCode = 1;
} finally {
  if (!ending) await endEverything();
}
