/** A variable that cannot work is said in one line: which, what it may be, what it was, and no secret of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEnv } from '../../src/config/env.js';
import { InvalidEnv } from '../../src/config/variables.js';

const SECRET = 'geheim-7f3a91';

function words(variables: Record<string, string>): string {
  try {
    readEnv(variables);
  } catch (error) {
    if (error instanceof InvalidEnv) return error.message;
    throw error;
  }
  return '';
}

it.each<[Record<string, string>, string]>([
  [{ PORT: 'abc' }, 'PORT: must be a whole number from 0 to 65535, and is "abc"'],
  [{ PORT: '70000' }, 'PORT: must be a whole number from 0 to 65535, and is "70000"'],
  [{ PORT: '0x10' }, 'PORT: must be a whole number from 0 to 65535, and is "0x10"'],
  [{ DRAIN_SECONDS: '1e3' }, 'DRAIN_SECONDS: must be a whole number from 1 to 600, and is "1e3"'],
  [{ WORKERS: '2.5' }, 'WORKERS: must be a whole number from 1 to 64, and is "2.5"'],
  [{ ALLOW_FSYNC_OFF: 'maybe' }, 'ALLOW_FSYNC_OFF: must be true or false, and is "maybe"'],
  [{ METRICS_TOKEN: SECRET }, 'METRICS_TOKEN: must have 16 characters at least, and is one of 13 characters'],
  [{ AUTH_JWKS_URL: 'keys' }, 'AUTH_JWKS_URL: must be an http or https address, and is "keys"'],
  [
    { TRUST_PROXY: 'true' },
    'TRUST_PROXY: must be how many proxies stand in front (1), or their addresses (10.0.0.0/8,loopback), and is "true"',
  ],
  [
    { LIMIT_TOKENS: `${'x'.repeat(70)}\n` },
    `LIMIT_TOKENS: must be a whole number from 1 to 1000000, and is "${'x'.repeat(60)}…"`,
  ],
  [
    { PUBLIC_URL: `ftp://u:${SECRET}@h` },
    'PUBLIC_URL: must be an http or https address, like https://calls.example.com, and is "ftp://[redacted]@h"',
  ],
])('%j', (variables, line) => {
  expect(words(variables)).toBe(line);
});

it.each([`mysql://u:${SECRET}@h/d`, `u:${SECRET}@h/d`, SECRET])(
  'DATABASE_URL and BUS_URL, %s: nothing of a secret',
  (value) => {
    const line = words({ DATABASE_URL: value, BUS_URL: value });
    expect(line).toMatch(
      /^DATABASE_URL: must look like postgresql:\/\/host:5432\/database.*; BUS_URL: must look like nats:/,
    );
    expect(line).not.toContain(SECRET);
  },
);

it('of no variable the words are the schema’s own', () => {
  const source = readFileSync(join(import.meta.dirname, '../../src/config/env.ts'), 'utf8');
  const names = [...source.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(25);
  for (const name of names) {
    const line = words({ [name]: '\u0000?' });
    if (line !== '')
      expect(line).toMatch(new RegExp(`^${name}: (must|may|cannot) .*, and is |^SOURCES|^CORS_ORIGINS|^AUTH|^HOST`));
    expect(line).not.toMatch(/Invalid|NaN|received|expected/);
  }
});

it('a number may stand between spaces', () => {
  expect(readEnv({ PORT: ' 80 ' }).port).toBe(80);
});
