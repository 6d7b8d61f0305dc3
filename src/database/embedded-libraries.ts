/**
 * Names of libraries in the packages of the embedded PostgreSQL. npm packs no symbolic links, so an install script
 * makes them. It does not always run (`npm ci --ignore-scripts`, pnpm unless it is allowed to), so missing links are
 * made before the first start.
 */
import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';

/** Both relative to the package's folder. */
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * `binary`: one of the package's, `…/native/bin/initdb`. Throws the error of the file system if nothing may be written
 * there.
 */
export function linkLibraries(binary: string): void {
  const folder = join(dirname(binary), '../..');
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return; // This platform needs none.
  for (const { source, target } of linksSchema.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    const place = join(folder, target);
    // Another process that starts may have made it first.
    if (!isThere(place)) {
      try {
        symlinkSync(relative(dirname(target), source), place);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }
}

/** True also for a link that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
