/**
 * Tells whether dist/ was built from the sources as they are now: `check` exits 1 when it was not,
 * `write` records what it was built from. So `npm start` builds on the first run and after a change only.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { whyNoBuild } from './build-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'dist', '.built-from');
const inputs = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'prisma/schema.prisma'];

function filesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('generated'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const hash = createHash('sha256');
for (const file of [...inputs.map((input) => join(root, input)), ...filesBelow('src')]) {
  hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
}
const digest = hash.digest('hex');

if (process.argv[2] === 'write') {
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stamp, digest);
} else if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
  // Where it can't be built, the build says so.
  if (whyNoBuild() === undefined) process.stderr.write('Building Switchboard (only after a change) …\n');
  process.exit(1);
}
