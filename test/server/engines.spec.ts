/**
 * Every package that `npm ci` installs says that it runs on the versions of Node that we name. What does not is held
 * back by `overrides` in package.json; there `@prisma/streams-local`, which only `prisma dev` loads and nobody here
 * runs, is another package.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { z } from 'zod';

const semver = createRequire(import.meta.url)('semver') as { satisfies(version: string, range: string): boolean };
const read = (path: string) => readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8');
/** The oldest of each line that `engines` names, and what was the newest when this was written. */
const VERSIONS = ['20.19.0', '20.20.2', '22.13.0', '22.23.3', '24.0.0', '24.21.0'];

const lockSchema = z.object({
  packages: z.record(z.string(), z.looseObject({ engines: z.object({ node: z.string().optional() }).optional() })),
});

it('no dependency runs outside its own range on a version of Node that we name', () => {
  const { packages } = lockSchema.parse(JSON.parse(read('package-lock.json')));
  const ranges = Object.entries(packages).map(([path, { engines }]) => [path, engines?.node ?? '*'] as const);
  const wrong = ranges.flatMap(([path, range]) =>
    VERSIONS.filter((version) => !semver.satisfies(version, range)).map((version) => `${path} on ${version}: ${range}`),
  );
  expect(wrong).toEqual([]);
  expect(ranges.length).toBeGreaterThan(300);
});

it('README and CI name them', () => {
  expect(read('README.md')).toContain('Node 20.19, 22.13 or 24');
  expect(read('.ci/nodes')).toMatch(/for version in 22\.\S+ 24\.\S+; do/);
  expect(
    semver.satisfies('21.0.0', (JSON.parse(read('package.json')) as { engines: { node: string } }).engines.node),
  ).toBe(false);
});
