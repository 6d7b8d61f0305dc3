/**
 * `npm run bench`: Switchboard beside a bare `node:http` server, in turn, on this machine. The load comes from this
 * process, the readers are a second, the server under test a third; so its CPU and memory are its own.
 * Figures are not tests: the exit code is 0 whatever they are, and 1 only when they could not be had.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { measureBeside, peers, renderBeside } from './beside.mjs';
import { endEverything, startBare, startReaders } from './children.mjs';
import { renderLimits, runLimits, summariseLimits } from './limits.mjs';
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

/** Leaves out what this machine cannot show, and says so. */
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
    // Every other round the other way round: neither side always gets the quieter machine.
    const sides = round % 2 === 1 ? ['ours', 'bare'] : ['bare', 'ours'];
    for (const side of sides.filter((one) => one === 'ours' || needsBare)) {
      const progress = (phase) => say(`round ${round}/${options.rounds}  ${side.padEnd(4)}  ${phase}`);
      progress('starting');
      figures[side] = await measureOnce(starts[side], options, progress);
    }
    rounds.push(figures);
  }
  return rounds;
}

async function measureOnce(start, options, progress) {
  const subject = await start();
  const readers = startReaders();
  try {
    return await measure({ subject, readers, options, progress });
  } finally {
    await readers.end();
    await subject.end();
  }
}

/** Everybody in turn, in each round from another one on. */
async function runBeside(options) {
  const run = { readerTokens: [], cpuProf: options.cpuProf };
  const dataDir = createDataDir();
  const starts = Object.entries({ switchboard: () => startSwitchboard(dataDir, run), ...peers(say) });
  const rounds = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    const figures = {};
    for (let turn = 0; turn < starts.length; turn += 1) {
      const [name, start] = starts[(turn + round - 1) % starts.length];
      say(`round ${round}/${options.rounds}  ${name}`);
      const subject = await start();
      const readers = startReaders();
      try {
        figures[name] = await measureBeside({ subject, readers, options });
      } finally {
        await readers.end();
        await subject.end();
      }
    }
    rounds.push(Object.fromEntries(starts.map(([name]) => [name, figures[name]])));
  }
  return rounds;
}

function save(result) {
  const folder = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = `${folder}${result.date.slice(0, 10)}.json`;
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  say(`saved ${file}`);
}

let ending = false;

/** Ends the run from outside its course: what that makes fail is not worth telling. */
function endNow(exitCode) {
  if (ending) return;
  ending = true;
  say('stopping');
  endEverything().finally(() => process.exit(exitCode));
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => endNow(130));
process.on('uncaughtException', (error) => {
  if (!ending) process.stderr.write(`bench: ${error.stack}\n`);
  endNow(1);
});

try {
  const options = fitToMachine(readOptions());
  const about = circumstances(options);
  const needsRounds = Object.entries(options.parts).some(([part, isAsked]) => isAsked && part !== 'beside');
  const rounds = needsRounds ? await runRounds(options) : [];
  const beside = options.parts.beside ? await runBeside(options) : [];
  const summary = needsRounds ? summarise(rounds, options) : [];
  const limits = summariseLimits(await runLimits(options, say), options);
  process.stdout.write(`\n${renderTable(summary, about)}\n${renderBeside(beside)}\n\n${renderLimits(limits)}\n`);
  if (options.save) save({ ...about, summary, rounds, beside, limits });
} catch (error) {
  if (!ending) process.stderr.write(`bench: ${error.stack}\n`);
  process.exitCode = 1;
} finally {
  if (!ending) await endEverything();
}
