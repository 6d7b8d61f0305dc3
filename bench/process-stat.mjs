/**
 * What a process has used, according to the kernel (Linux: /proc). Source:
 * https://man7.org/linux/man-pages/man5/proc.5.html
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

export const hasProc = existsSync('/proc/self/smaps_rollup');

const usPerTick = hasProc ? 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) : 0;

/** How often the resident size is read, and how little it may change to count as still. */
const SETTLE_STEP_MS = 400;
const SETTLED_KB = 400;
/**
 * How long, and below which share of a core, a process must stay to count as quiet: the kernel counts in steps of 10
 * ms.
 */
const QUIET_STEP_MS = 400;
const QUIET_SHARE = 0.05;

/** CPU time used so far, user and system, in µs; all threads of the process, not its children. */
export function cpuUs(pid) {
  const { utime, stime } = stat(pid);
  return (utime + stime) * usPerTick;
}

/** CPU time so far of a PostgreSQL server and the children it has now, in µs. */
export function cpuOfFamilyUs(pid) {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === pid);
  return [pid, ...children.map(Number)].reduce((sum, one) => sum + cpuUs(one), 0);
}

/** Resident size in KB, counted page by page: VmRSS lags behind by what each thread has not yet reported. */
export function residentKb(pid) {
  return Number(/^Rss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
}

/** Makes the process collect its garbage until its resident size is still, for `maxMs` at most. In KB. */
export async function settledKb(pid, maxMs) {
  const seen = [];
  for (const end = performance.now() + maxMs; performance.now() < end;) {
    process.kill(pid, 'SIGUSR2'); // collect.mjs
    await wait(SETTLE_STEP_MS);
    seen.push(residentKb(pid));
    const last = seen.slice(-3);
    if (last.length === 3 && Math.max(...last) - Math.min(...last) <= SETTLED_KB) break;
  }
  return seen.at(-1);
}

/** Waits until the process has finished its last work: until it uses next to nothing, or `maxMs` are over. */
export async function untilQuiet(pid, maxMs) {
  for (const end = performance.now() + maxMs; performance.now() < end;) {
    if ((await cpuShare(pid, QUIET_STEP_MS)) <= QUIET_SHARE) return;
  }
}

/** How much of one core the process uses from now on. */
export async function cpuShare(pid, forMs) {
  const startedAt = performance.now();
  const before = cpuUs(pid);
  await wait(forMs);
  return (cpuUs(pid) - before) / ((performance.now() - startedAt) * 1000);
}

/**
 * How many files this process, and one that it starts, may hold open. Node has raised the soft limit to the hard one.
 */
export function fileLimit() {
  if (!hasProc) return 1024;
  const limit = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return limit === 'unlimited' ? Infinity : Number(limit);
}

function parentOf(pid) {
  try {
    return stat(pid).parent;
  } catch {
    return 0; // The process ended between the listing and this read.
  }
}

function stat(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in parentheses, which may hold spaces; the third follows the last parenthesis.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), utime: Number(fields[11]), stime: Number(fields[12]) };
}
