/**
 * A crash of the machine may leave a `postmaster.pid` that names no process: it is empty or full of zeros. No server
 * starts beside such a file ("lock file is empty"), and none runs behind it, unless a process works in the folder all
 * the same.
 */
import { existsSync, readFileSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A server that has just made its file writes it at once. */
const WRITTEN_MS = 300;

/** Removes the file if it names no process and no process works in the folder. */
export async function removeRemnant(folder: string): Promise<void> {
  const file = join(folder, 'postmaster.pid');
  if (!namesNobody(file)) return;
  await wait(WRITTEN_MS);
  if (namesNobody(file) && !isWorkedIn(folder)) rmSync(file, { force: true });
}

/** Its first line is the process id: https://www.postgresql.org/docs/current/storage-file-layout.html */
function namesNobody(file: string): boolean {
  return existsSync(file) && !/^\d+\s*(\n|$)/.test(readFileSync(file, 'utf8'));
}

/**
 * A server's processes have the folder as their working directory. Only Linux tells; elsewhere an empty file is
 * believed.
 */
function isWorkedIn(folder: string): boolean {
  if (process.platform !== 'linux') return false;
  const here = realpathSync(folder);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === here;
      } catch {
        return false; // It has gone or is another user's: not our server.
      }
    });
}
