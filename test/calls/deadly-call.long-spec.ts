/**
 * Security rule 26, by real deaths: a call that ends the process which takes it in ends three, and then costs only
 * itself.
 */
import pg from 'pg';
import { said, started } from '../support/calls.js';
import { createDatabase, query } from '../support/database.js';
import { Installation } from '../support/server-process.js';
import { waitFor } from '../support/wait-for.js';

const LOCK = 4711;
/** The writer stands still where it would write a line of the deadly call, and is killed there. */
const DEADLY = `CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN PERFORM pg_advisory_xact_lock(${LOCK}); RETURN NEW; END $$;
  CREATE TRIGGER stand_still BEFORE INSERT ON call_parts FOR EACH ROW WHEN (NEW.call_id = 'deadly')
    EXECUTE FUNCTION stand_still()`;
const STANDING = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`;

let home: Installation;
let database: { url: string; drop(): Promise<void> };
beforeAll(async () => {
  database = await createDatabase();
  home = await Installation.create({ DATABASE_URL: database.url, SOURCES: 'none' });
});
afterAll(async () => {
  await home.remove();
  await database.drop();
});

async function admin<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  const headers = { Authorization: `Bearer ${home.read('admin-token')}`, 'Content-Type': 'application/json' };
  const asked = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await fetch(`${home.url}${path}`, asked);
  return (await response.json()) as Body;
}

const linesOf = async (call: string) =>
  admin<{ transcript?: { text: string }[]; quarantined?: boolean }>('GET', `/v1/admin/calls/${call}?tenant=acme`);

it('is left out after three deaths, with nothing else of its batch, however they came about', async () => {
  let server = await home.start();
  await admin('POST', '/v1/admin/tenants', { tenant: 'acme' });
  await admin('PUT', '/v1/admin/tenants/acme/agents', { agents: ['mara'] });
  await admin('POST', '/v1/ingest', [started('mara', 'deadly'), started('mara', 'harmless')]);
  await waitFor(async () => (await linesOf('harmless')).transcript !== undefined, 'both calls');
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  try {
    await holder.query(`SELECT pg_advisory_lock(${LOCK})`);
    await query(database.url, DEADLY);
    await admin('POST', '/v1/ingest', [said('mara', 'deadly', 'u1', 'x'), said('mara', 'harmless', 'u1', 'y')]);
    for (const _ of ['in the batch', 'in the batch again', 'alone']) {
      const pid = await waitFor(async () => (await query<{ pid: number }>(database.url, STANDING))[0]?.pid, 'a batch');
      expect(await server.kill9()).toMatchObject({ signal: 'SIGKILL' });
      // It would find out by itself when it writes to who is gone.
      await query(database.url, 'SELECT pg_terminate_backend($1)', [pid]);
      server = home.spawn();
    }
    await server.ready();
    await waitFor(async () => (await linesOf('harmless')).transcript?.length === 1, 'what is harmless');
    expect(await linesOf('deadly')).toMatchObject({ quarantined: true, transcript: [] });
    expect(await linesOf('harmless')).toMatchObject({ transcript: [{ text: 'y' }] });
  } finally {
    await holder.end();
  }
}, 120_000);
