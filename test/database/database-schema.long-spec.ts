/** The schema in which an installation is: named, found or made, by a login with as few rights as that takes. */
import { PostgresBus } from '../../src/bus/postgres.bus.js';
import { Subjects } from '../../src/bus/subjects.js';
import { connect } from '../../src/database/database-client.js';
import { LockSession } from '../../src/database/lock-session.js';
import { migrate } from '../../src/database/migrate.js';
import { readMigrations } from '../../src/database/migrations.js';
import { PgPool } from '../../src/database/pg-pool.js';
import { applyMigrations } from '../../src/database/schema-engine.js';
import { settleSchema } from '../../src/database/schema.js';
import { createEmptyDatabase, query } from '../support/database.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const TABLES = `SELECT nspname::text AS schema, count(*)::int AS tables FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind = 'r' AND nspname !~ '^pg_|information_schema' GROUP BY 1 ORDER BY 1`;

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let name: string;
/** A login without any right but what it is given here. */
let login: string;
beforeEach(async () => {
  database = await createEmptyDatabase();
  name = new URL(database.url).pathname.slice(1);
  login = `u_${name}`;
  await query(database.url, `CREATE ROLE ${login} LOGIN PASSWORD 'a@b/c:d%'`);
});
afterEach(async () => {
  await database.drop();
  await query(process.env['SWITCHBOARD_TEST_SERVER'] ?? '', `DROP ROLE ${login}`);
});

function urlOf(query = ''): string {
  const url = new URL(database.url);
  [url.username, url.password, url.search] = [login, encodeURIComponent('a@b/c:d%'), query];
  return url.href;
}
/** As a start does it. */
async function prepare(url: string): Promise<string> {
  const settled = await settleSchema(url);
  await migrate(settled);
  return settled;
}

it('?schema= is where everything is, made where it is missing; others of the database hear and lock nothing of it', async () => {
  await query(database.url, `GRANT CREATE ON DATABASE ${name} TO ${login}`);
  const schemas = ['sb', 'Other one'];
  const urls = await Promise.all(schemas.map((schema) => prepare(urlOf(`schema=${encodeURIComponent(schema)}`))));
  const [first = '', second = ''] = urls;
  const tables = await query<{ schema: string; tables: number }>(database.url, TABLES);
  expect(tables.map(({ schema }) => schema)).toEqual(['Other one', 'sb']);
  const boards = await Promise.all(urls.map((url) => Switchboard.start({ DATABASE_URL: url })));
  for (const board of boards) {
    const mara = fresh('mara');
    const acme = await board.createTenant({ id: 'acme', agents: [mara] });
    await board.ingest(message(mara, 'CA', 1));
    const { body } = await board.request<{ calls: unknown[] }>('GET', '/v1/calls', { token: acme.token });
    expect(body.calls).toHaveLength(1);
    expect((await board.request('GET', '/v1/stats', { token: acme.token })).status).toBe(200);
  }

  const [one, two] = [await LockSession.open(first), await LockSession.open(second)];
  expect([await one.tryLock('source'), await two.tryLock('source')]).toEqual([true, true]);
  const pools = [new PgPool(first), new PgPool(second), new PgPool(first)];
  const names = await Promise.all(pools.map((pool) => Subjects.of(pool)));
  expect([names[0]?.all === names[1]?.all, names[0]?.all === names[2]?.all]).toEqual([false, true]);

  const heard: string[] = [];
  const buses = [first, second, second].map((url, index) => new PostgresBus(url, pools[index === 0 ? 0 : 1] as PgPool));
  const [theirs, ours, listening] = buses as [PostgresBus, PostgresBus, PostgresBus];
  listening.messages.subscribe((said) => heard.push(said.kind === 'token-revoked' ? said.tokenId : said.kind));
  listening.onApplicationBootstrap();
  await waitFor(() => listening.connected, 'the listener');
  theirs.publish({ kind: 'token-revoked', tokenId: 'theirs' });
  await theirs.onApplicationShutdown();
  ours.publish({ kind: 'token-revoked', tokenId: 'ours' });
  await waitFor(() => heard.length > 0, 'word of our own');
  expect(heard).toEqual(['ours']);

  for (const session of [one, two]) await session.close();
  for (const bus of [ours, listening]) await bus.onApplicationShutdown();
  for (const board of boards) await board.stop();
  for (const pool of pools) await pool.onApplicationShutdown();
});

it.each([
  ['public, by a right to it alone', 'GRANT CREATE ON SCHEMA public TO $', '', 'public'],
  ['its own schema, of its name', 'CREATE SCHEMA AUTHORIZATION $', '', '$'],
  [
    'its own schema, on its search_path',
    'CREATE SCHEMA sb AUTHORIZATION $; ALTER ROLE $ SET search_path = sb',
    '',
    'sb',
  ],
  ['its own schema, by name', 'CREATE SCHEMA sb AUTHORIZATION $', 'schema=sb', 'sb'],
  ['its own schema, by options', 'CREATE SCHEMA sb AUTHORIZATION $', 'options=-c%20search_path%3Dsb', 'sb'],
])('a login that may make tables in one schema only starts: %s', async (_, grants, parameters, schema) => {
  await query(database.url, grants.replaceAll('$', login));
  const url = await prepare(urlOf(parameters));
  const board = await Switchboard.start({ DATABASE_URL: url });
  await board.createTenant({ agents: [fresh('mara')] });
  await board.stop();
  const tables = await query<{ schema: string }>(database.url, TABLES);
  expect(tables.map((one) => one.schema)).toEqual([schema.replace('$', login)]);
  expect(await settleSchema(urlOf(parameters))).toBe(url);
});

it('what is there stays where it is, whatever schema comes to stand before it', async () => {
  await query(database.url, `GRANT CREATE ON SCHEMA public TO ${login}`);
  const url = await prepare(urlOf());
  await query(database.url, `CREATE SCHEMA AUTHORIZATION ${login}`);
  expect(await settleSchema(urlOf())).toBe(url);
});

it.each([
  [
    '',
    /^the user "u_\w+" may not make tables in the schema "public": GRANT CREATE, USAGE ON SCHEMA "public" TO "u_\w+"$/,
  ],
  [
    'schema=sb',
    /^there is no schema "sb", and the user "u_\w+" may not make one: CREATE SCHEMA "sb" AUTHORIZATION "u_\w+"$/,
  ],
  ['options=-c%20search_path%3Dnone', /^no schema is on the login's search_path; name one: \?schema=…$/],
])('a right that is missing is named in one line: %p', async (parameters, line) => {
  await expect(prepare(urlOf(parameters))).rejects.toThrow(line);
});

it('among tables of others it makes none of its own', async () => {
  await query(database.url, 'CREATE TABLE other ()');
  await expect(prepare(database.url)).rejects.toThrow(
    /^in the schema "public" are tables of others; .*: \?schema=switchboard$/,
  );
  expect(await migrate(await settleSchema(`${database.url}&schema=sb`))).not.toEqual([]);
});

it('where else the login may make tables is told', async () => {
  await query(database.url, `CREATE SCHEMA its_own AUTHORIZATION ${login}`);
  await expect(prepare(urlOf())).rejects.toThrow(/TO "u_\w+"; it may in \?schema=its_own$/);
});

it('what PostgreSQL says to a migration is said, and a migration that failed is tried again', async () => {
  const { migrationDirectories, ...rest } = await readMigrations();
  const [first, second] = migrationDirectories;
  if (first === undefined || second === undefined) throw new Error('there are migrations');
  await applyMigrations(database.url, { ...rest, migrationDirectories: [first] });
  const client = await connect(database.url, { name: 'switchboard-test' });
  await client.query(
    'CREATE FUNCTION append_events(text[], text[], text[], timestamptz[], text[], text[], text) RETURNS int LANGUAGE sql AS $$SELECT 1$$',
  );
  await expect(migrate(database.url)).rejects.toThrow(
    /^function "append_events" already exists with same argument types$/,
  );
  await client.query('DROP FUNCTION append_events');
  expect(await migrate(database.url)).toHaveLength(migrationDirectories.length - 1);
  expect(await migrate(database.url)).toEqual([]);
  await client.end();
});
