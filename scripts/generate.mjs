/**
 * Generates the Prisma client into src/database/generated.
 *
 * `prisma generate` wants to download a schema engine that it does not need for the
 * `prisma-client` generator; naming any existing file as that engine keeps it offline.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { whyNoBuild } from './build-tools.mjs';

const obstacle = whyNoBuild();
if (obstacle !== undefined) {
  console.error(obstacle);
  process.exit(1);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const result = spawnSync(process.execPath, ['node_modules/prisma/build/index.js', 'generate', '--no-hints'], {
  cwd: root,
  encoding: 'utf8',
  env: {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: fileURLToPath(import.meta.url),
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  },
});
if (result.status !== 0) {
  console.error(result.stdout, result.stderr);
  process.exit(1);
}
