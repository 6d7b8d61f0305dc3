/** Retention once, in a process of its own beside a server: scripts/scale/upkeep.mjs starts it with DATABASE_URL. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dist = (file) => import(new URL(`../../dist/${file}`, import.meta.url).href);
const { createApp } = await dist('app.setup.js');
const { readEnv } = await dist('config/env.js');
const { RetentionService } = await dist('retention/retention.service.js');
const dataDir = mkdtempSync(join(tmpdir(), 'switchboard-expire-'));
const env = readEnv({ ...process.env, SOURCES: 'none', PUBLIC_URL: 'http://switchboard.bench', DATA_DIR: dataDir });
const app = await createApp(env, process.env.DATABASE_URL, { logger: ['warn', 'error'] });
await app.init();
process.send('ready');
process.once('message', async () => {
  const startedAt = performance.now();
  await app.get(RetentionService).run();
  process.send(performance.now() - startedAt);
  await app.close();
  rmSync(dataDir, { recursive: true, force: true });
  process.exit(0);
});
