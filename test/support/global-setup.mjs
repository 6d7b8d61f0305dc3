/**
 * One PostgreSQL for the whole run: TEST_DATABASE_URL's, else an embedded one of our own in a temporary folder. Its
 * template database is migrated once; every app that a test boots gets a copy.
 */
import { chmodSync, existsSync, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

const ROOM_BYTES = 8 * 1024 ** 3;

/** Every test makes a database and drops it, which on a disk means hundreds of fsyncs. */
function isRoomy(folder) {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > ROOM_BYTES;
}

export const TEMPLATE = 'switchboard_template';

export default async function setUp() {
  const { EmbeddedPostgres } = await import('../../dist/database/embedded-postgres.js');
  const { migrate } = await import('../../dist/database/migrate.js');
  let server = process.env.TEST_DATABASE_URL;
  if (server === undefined) {
    const folder = mkdtempSync(join(isRoomy('/dev/shm') ? '/dev/shm' : tmpdir(), 'switchboard-test-'));
    chmodSync(folder, 0o755); // As root, PostgreSQL runs as another user, who must get in.
    const postgres = await EmbeddedPostgres.start(folder, ['-c max_connections=300']);
    globalThis.__switchboardPostgres = { postgres, folder };
    server = postgres.urlOf('postgres');
  }
  process.env.SWITCHBOARD_TEST_SERVER = server;
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${TEMPLATE}`);
  await client.query(`CREATE DATABASE ${TEMPLATE}`);
  await client.end();
  const url = new URL(server);
  url.pathname = `/${TEMPLATE}`;
  await migrate(url.href);
}
