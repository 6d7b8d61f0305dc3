/**
 * The browser that people have, without what it does on its own account. CHROMIUM_PATH names it, else it is looked for
 * in PATH. A machine without one skips what needs it, and says so; where CI is set, that is a failure.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Path of a Chromium, or undefined. */
export function findChromium(): string | undefined {
  const { CHROMIUM_PATH, PATH = '' } = process.env;
  if (CHROMIUM_PATH !== undefined) return CHROMIUM_PATH;
  return PATH.split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** Start it once a file. Throws where there is none. */
export async function startChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('no Chromium: set CHROMIUM_PATH, or install it');
  return chromium.launch({ executablePath, headless: true, args: ARGS });
}

/** `describe` for what needs a browser. */
export function describeInChromium(name: string, tests: () => void): void {
  if (findChromium() !== undefined || process.env['CI']) return describe(name, tests);
  process.stderr.write(`skipped, no Chromium (set CHROMIUM_PATH, or install it): ${name}\n`);
  describe.skip(`${name} (skipped: no Chromium)`, tests);
}

/** `it` for what needs a browser. */
export function itInChromium(name: string, test: () => Promise<void>): void {
  if (findChromium() !== undefined || process.env['CI']) return it(name, test);
  process.stderr.write(`skipped, no Chromium (set CHROMIUM_PATH, or install it): ${name}\n`);
  it.skip(`${name} (skipped: no Chromium)`, test);
}
