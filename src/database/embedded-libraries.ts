/**
 * Names of libraries in the packages of the embedded PostgreSQL: npm packs no symbolic links, so an install script makes them. It
 * does not run everywhere (`npm ci --ignore-scripts`, pnpm unless it is allowed to), so what is missing is made before the first start.
 */
import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';

/** Both from the package's own folder. */
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** `binary`: one of the package's, `…/native/bin/initdb`. Throws what the file system does, where nothing may be written there. */
export function linkLibraries(binary: string): void {
  const folder = join(dirname(binary), '../..');
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return; // A platform that needs none.
  for (const { source, target } of linksSchema.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    const place = join(folder, target);
    // Another process that starts may be quicker.
    if (!isThere(place)) {
      try {
        symlinkSync(relative(dirname(target), source), place);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }
}

/** Also a link that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
