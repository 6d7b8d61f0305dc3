/**
 * `npm start` and `npx` run their command in a shell and send a signal to that shell alone. The shell ends, but its
 * child would run on for ever and hold its port. A process whose parent has gone gets another parent, and so notices.
 */

const LOOK_MS = 500;

/**
 * Calls `act` once when the shell in which a package manager started us has gone. `isInShell`: there is such a shell.
 */
export function whenOrphaned(isInShell: boolean, act: () => void): void {
  if (!isInShell) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, LOOK_MS).unref();
}
