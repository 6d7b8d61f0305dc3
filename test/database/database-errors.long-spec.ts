/** Whose fault an error is, by code: as each driver brings it, from a server that raises it. */
import pg from 'pg';
import { DatabaseUnreachable, blameOf, isForTheRows } from '../../src/database/database-errors.js';
import { describeTrouble, troubleOf } from '../../src/database/database-trouble.js';
import { PgPool } from '../../src/database/pg-pool.js';
import { PrismaService } from '../../src/database/prisma.service.js';
import { createDatabase } from '../support/database.js';

let database: Awaited<ReturnType<typeof createDatabase>>;
let pool: PgPool;
let prisma: PrismaService;
beforeAll(async () => {
  database = await createDatabase();
  pool = new PgPool(database.url);
  prisma = new PrismaService(database.url);
});
afterAll(async () => {
  await pool.onApplicationShutdown();
  await prisma.onApplicationShutdown();
  await database.drop();
});

const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const raise = (code: string) => `DO $$ BEGIN RAISE EXCEPTION 'terminated connection' USING ERRCODE = '${code}'; END $$`;

/** Codes, whose fault they are to who takes events in, and whether who reads the log passes the rows over. */
const TABLE: readonly (readonly [string, 'input' | 'database', boolean, string])[] = [
  ['22000', 'input', true, 'other'], ['22001', 'input', true, 'other'], ['22003', 'input', true, 'other'],
  ['22007', 'input', true, 'other'], ['22008', 'input', true, 'other'], ['22021', 'input', true, 'other'],
  ['22P02', 'input', true, 'other'], ['22P05', 'input', true, 'other'],
  ['23502', 'database', true, 'other'], ['23503', 'database', true, 'other'], ['23505', 'database', true, 'other'],
  ['23514', 'database', true, 'other'], ['54000', 'database', true, 'other'], ['54001', 'database', true, 'other'],
  ['08000', 'database', false, 'unreachable'], ['08006', 'database', false, 'unreachable'],
  ['0A000', 'database', false, 'other'], ['25006', 'database', false, 'read-only'], ['25P02', 'database', false, 'other'],
  ['25P03', 'database', false, 'other'], ['28000', 'database', false, 'login refused'],
  ['28P01', 'database', false, 'login refused'], ['3D000', 'database', false, 'something missing'],
  ['3F000', 'database', false, 'something missing'], ['40001', 'database', false, 'other'],
  ['40P01', 'database', false, 'other'], ['42501', 'database', false, 'right missing'],
  ['42601', 'database', false, 'other'], ['42703', 'database', false, 'something missing'],
  ['42883', 'database', false, 'something missing'], ['42P01', 'database', false, 'something missing'],
  ['53000', 'database', false, 'too busy'], ['53100', 'database', false, 'disk full'],
  ['53200', 'database', false, 'too busy'], ['53300', 'database', false, 'too busy'],
  ['55000', 'database', false, 'other'], ['55006', 'database', false, 'too busy'], ['55P03', 'database', false, 'other'],
  ['57014', 'database', false, 'too busy'], ['57P01', 'database', false, 'stopping or starting'],
  ['57P02', 'database', false, 'stopping or starting'], ['57P03', 'database', false, 'stopping or starting'],
  ['58000', 'database', false, 'internal error'], ['58030', 'database', false, 'disk full'],
  ['58P01', 'database', false, 'internal error'], ['F0000', 'database', false, 'internal error'],
  ['HV000', 'database', false, 'other'], ['P0001', 'database', true, 'other'],
  ['XX000', 'database', false, 'internal error'], ['XX001', 'database', false, 'internal error'],
  ['XX002', 'database', false, 'internal error'], ['ZZ999', 'database', false, 'other'],
]; // prettier-ignore

it.each(TABLE)('%s is the fault of the %s, by either driver', async (code, blame, isTheRows, trouble) => {
  const errors = [await failure(pool.query(raise(code))), await failure(prisma.$executeRawUnsafe(raise(code)))];
  for (const error of errors) {
    expect([blameOf(error), isForTheRows(error), troubleOf(error)]).toEqual([blame, isTheRows, trouble]);
    expect(describeTrouble(error)).toContain(`(${code})`);
  }
});

/** As Node and OpenSSL name what happens on the way. */
it.each([
  ['ECONNREFUSED', 'unreachable'],
  ['ECONNRESET', 'unreachable'],
  ['EPIPE', 'unreachable'],
  ['ETIMEDOUT', 'unreachable'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['ENOENT', 'unreachable'],
  ['ENOTFOUND', 'name not resolved'],
  ['EAI_AGAIN', 'name not resolved'],
  ['CERT_HAS_EXPIRED', 'certificate refused'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate refused'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate refused'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate refused'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate refused'],
  ['EPROTO', 'unreachable'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'certificate refused'],
  [undefined, 'unreachable'],
])('%s on the way is the database’s: %s', (code, trouble) => {
  const error = new DatabaseUnreachable(Object.assign(new Error('no words'), { code }));
  expect([blameOf(error), isForTheRows(error), troubleOf(error)]).toEqual(['database', false, trouble]);
});

it.each<[string, (url: URL) => void, string]>([
  ['nobody listens', (url) => (url.port = '1'), 'unreachable'],
  ['nobody listens at any address', (url) => Object.assign(url, { hostname: 'localhost', port: '1' }), 'unreachable'],
  ['no such host', (url) => (url.hostname = 'database.invalid'), 'name not resolved'],
  ['no such database', (url) => (url.pathname = '/nonesuch'), 'something missing'],
  ['another password', (url) => (url.password = 'wrong'), 'login refused'],
  ['no TLS where it is asked for', (url) => (url.search = 'sslmode=verify-full'), 'unreachable or certificate refused'],
])('for real, by either driver: %s', async (_, change, trouble) => {
  const url = new URL(database.url);
  change(url);
  const [broken, brokenPrisma] = [new PgPool(url.href), new PrismaService(url.href)];
  const errors = [
    await failure(broken.query('SELECT 1')),
    await failure(broken.transaction((run) => run('SELECT 1'))),
    await failure(brokenPrisma.agent.findMany()),
    await failure(brokenPrisma.$queryRaw`SELECT 1`),
    await failure(brokenPrisma.$transaction((transaction) => transaction.agent.findMany())),
  ];
  for (const error of errors) expect(blameOf(error)).toBe('database');
  for (const error of errors) expect(trouble).toContain(troubleOf(error));
  for (const error of errors) expect((error as Error).message).not.toBe('');
  await broken.onApplicationShutdown();
  await brokenPrisma.onApplicationShutdown();
});

it('a bug is ours, whatever its words, and a value that cannot be asked for is the input’s', async () => {
  for (const error of [new Error('connection terminated'), new TypeError('timeout'), 'closed', undefined, null])
    expect([blameOf(error), isForTheRows(error)]).toEqual(['ours', true]);
  expect(blameOf(Object.assign(new Error('no file'), { code: 'ENOENT' }))).toBe('ours');
  const loop: unknown[] = [];
  loop.push({ loop });
  expect(blameOf(await failure(pool.query('SELECT $1', [loop[0]])))).toBe('ours');
  expect(blameOf(await failure(prisma.tenant.findMany({ where: { nonesuch: 1 } as never })))).toBe('ours');
  expect(blameOf(await failure(prisma.tenant.findMany({ where: { id: 'a\0b' } })))).toBe('input');
  expect(blameOf(await failure(pool.query('SELECT $1::text', ['a\0b'])))).toBe('input');
});

it('a constraint is the event’s own where it is of a column that a sender fills', async () => {
  await pool.query('SELECT make_log_partition(1, 10)');
  const insert = (column: string, value: string) =>
    `INSERT INTO log_events (position, agent, type, at, key, data, ${column})
    VALUES (1, 'a', 't', now(), gen_random_uuid(), '{}', ${value})`.replace(/, agent(?=.*, agent\))/, '');
  const missing = `INSERT INTO log_events (position, type, at, key, data) VALUES (1, 't', now(), gen_random_uuid(), '{}')`;
  expect(blameOf(await failure(pool.query(missing)))).toBe('input');
  await pool.query(`ALTER TABLE log_events ADD CHECK (call_id <> 'bad'), ADD CHECK (seq <> 7)`);
  expect(blameOf(await failure(pool.query(insert('call_id', `'bad'`))))).toBe('input');
  expect(blameOf(await failure(pool.query(insert('seq', '7'))))).toBe('database');
  const ours = `INSERT INTO log_events (agent, type, at, key, data) VALUES ('a', 't', now(), gen_random_uuid(), '{}')`;
  expect(blameOf(await failure(pool.query(ours)))).toBe('database');
});

it('a connection over which the database failed is not used again', async () => {
  const one = new pg.Client({ connectionString: database.url });
  await one.connect();
  const connections = async () => (await one.query<{ pid: number }>(`SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'switchboard-manage'`)).rows.map(({ pid }) => pid); // prettier-ignore
  await failure(prisma.$transaction((transaction) => transaction.$queryRaw`SELECT 1`));
  const before = await connections();
  await failure(prisma.$transaction((transaction) => transaction.$executeRawUnsafe(raise('22000'))));
  expect(await connections()).toEqual(before);
  await failure(prisma.$transaction((transaction) => transaction.$executeRawUnsafe(raise('25006'))));
  await prisma.$queryRaw`SELECT 1`;
  expect(await connections()).not.toEqual(before);
  await one.end();
});
