import pg from 'pg';
import { createDatabase } from '../support/database.js';

const EVENTS = 20_000;
const PAGE = 256;

let database: { url: string; drop(): Promise<void> };
let client: pg.Client;
beforeAll(async () => {
  database = await createDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`INSERT INTO tenants (id, name) VALUES ('acme', 'acme')`);
  await client.query(`INSERT INTO agents (name, tenant_id) VALUES ('mara', 'acme')`);
  const numbers = Array.from({ length: EVENTS }, (_, index) => index);
  await client.query('SELECT count(*) FROM append_events($1, $2, $3, $4, $5, $6, NULL)', [
    numbers.map(() => 'mara'),
    numbers.map((number) => `call-${Math.floor(number / 100)}`),
    numbers.map(() => 'user.message'),
    numbers.map(() => new Date()),
    numbers.map((number) => `key-${number}`),
    numbers.map(() => '{}'),
  ]);
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const fetchedSoFar = async () => {
  const { rows } = await client.query<{ fetched: number }>(
    `SELECT sum(seq_tup_read + idx_tup_fetch)::int AS fetched FROM pg_stat_xact_user_tables WHERE relname ~ '^(log_events|events_before)'`,
  );
  return rows[0]?.fetched ?? 0;
};

/** How many rows of the log a statement fetched, and how many it answered with. */
async function fetchedBy(statement: string, values: unknown[]): Promise<{ fetched: number; answered: number }> {
  await client.query('BEGIN');
  const before = await fetchedSoFar();
  const { rowCount } = await client.query(statement, values);
  const fetched = (await fetchedSoFar()) - before;
  await client.query('ROLLBACK');
  return { fetched, answered: rowCount ?? 0 };
}

/** Right after a burst: nothing has told PostgreSQL yet how long the log is. */
describe('a page of a long log that was never analysed costs what is on it, not what follows it:', () => {
  it.each([0, EVENTS / 2])('everybody’s, after %d', async (after) => {
    const page = await fetchedBy('SELECT * FROM read_log($1, $2, NULL, false, NULL, NULL)', [after, PAGE]);
    expect(page).toEqual({ fetched: PAGE, answered: PAGE });
  });

  it.each([0, EVENTS / 2])('a tenant’s, after %d', async (after) => {
    const page = await fetchedBy('SELECT * FROM read_tenant_log($1, $2, $3, NULL, NULL)', ['acme', after, PAGE]);
    expect(page).toEqual({ fetched: PAGE, answered: PAGE });
  });
});
