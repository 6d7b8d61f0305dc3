/**
 * `npm start` and `npx` run what they run in a shell, and hand a signal to that shell alone: it ends, its child goes on for ever and
 * holds its port. A process whose parent has gone has another one.
 */

const LOOK_MS = 500;

/** Calls `act` once when the shell that a package manager has started us in has gone. `isInShell`: it has. */
export function whenOrphaned(isInShell: boolean, act: () => void): void {
  if (!isInShell) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, LOOK_MS).unref();
}
