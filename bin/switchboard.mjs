#!/usr/bin/env node
// The operators' command line. From a clone it builds first when the sources have changed; what that says goes to stderr.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
if (existsSync(`${root}/src`)) {
  const toStderr = { cwd: root, stdio: ['ignore', 2, 2] };
  const isFresh = spawnSync(process.execPath, ['scripts/build-stamp.mjs', 'check'], toStderr).status === 0;
  if (!isFresh && spawnSync('npm', ['run', '--silent', 'build'], toStderr).status !== 0) process.exit(1);
}
await import('../dist/cli/main.js');
