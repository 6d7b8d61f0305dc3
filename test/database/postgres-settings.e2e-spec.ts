import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertDatabaseFits } from '../../src/database/database-check.js';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { embeddedSettings } from '../../src/database/postgres-settings.js';
import { query } from '../support/database.js';

const GB = 1024 ** 3;

it('the embedded server leaves time and room between checkpoints; what another one lacks is said in one line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sb-pg-'));
  const one = await EmbeddedPostgres.start(folder);
  try {
    const shown = await query<{ size: string; time: string }>(
      one.url,
      `SELECT current_setting('max_wal_size') AS size, current_setting('checkpoint_timeout') AS time`,
    );
    expect(shown).toEqual([{ size: '4GB', time: '15min' }]);
    expect(await assertDatabaseFits(one.url, true)).toEqual([]);
  } finally {
    await one.stop();
  }
  const other = await EmbeddedPostgres.start(folder, ['-c max_wal_size=1GB', '-c checkpoint_timeout=5min']);
  try {
    expect(await assertDatabaseFits(other.url, true)).toEqual([
      expect.stringMatching(/^set max_wal_size to 4GB, checkpoint_timeout to 15min or more, .*docs\/operations\.md/),
    ]);
  } finally {
    await other.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

it('its memory follows the machine: an eighth, never less than PostgreSQL takes by itself, never more than a gigabyte', () => {
  const of = (memory: number) => embeddedSettings(memory).at(-1);
  expect(of(0.5 * GB)).toBe('-c shared_buffers=128MB');
  expect(of(4 * GB)).toBe('-c shared_buffers=512MB');
  expect(of(64 * GB)).toBe('-c shared_buffers=1024MB');
});
