// From a clone it is built first when the sources have changed; what that says goes to stderr. In an image there are no
// sources.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Ends the process where it cannot be built: that has been said. */
export function build() {
  if (!existsSync(`${root}/src`)) return;
  const toStderr = { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' };
  const isFresh =
    spawnSync(process.execPath, ['scripts/build-stamp.mjs', 'check'], { ...toStderr, shell: false }).status === 0;
  if (!isFresh && spawnSync('npm', ['run', '--silent', 'build'], toStderr).status !== 0) process.exit(1);
}
