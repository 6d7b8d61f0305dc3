/** Ways to a PostgreSQL, real ones: with TLS and without, by sockets, of several hosts, with passwords from a file. */
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/database/database-client.js';
import { assertDatabaseFits } from '../../src/database/database-check.js';
import { PgListener } from '../../src/database/pg-listener.js';
import { PgPool } from '../../src/database/pg-pool.js';
import { PrismaService } from '../../src/database/prisma.service.js';
import { createDatabase } from '../support/database.js';
import { makeCertificate } from '../support/certificate.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { waitFor } from '../support/wait-for.js';

let server: OwnPostgres;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-ways-'));
  server = await OwnPostgres.start([
    'hostssl only_tls all all trust',
    'hostnossl only_plain all all trust',
    'host only_tls,only_plain all all reject',
    'host one_md5 all all md5',
    'hostssl only_cert all all cert',
    'host anyone all all trust',
  ]);
  const client = await connect(server.url(), { name: 'switchboard-test' });
  for (const name of ['only_tls', 'only_plain', 'only_cert', 'anyone']) await client.query(`CREATE DATABASE ${name}`);
  await client.query(`CREATE ROLE server LOGIN`);
  await client.end();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Where a connection leads; "plain" or "TLS", or the reason why to nowhere. */
async function reached(url: string): Promise<string> {
  try {
    const client = await connect(url, { name: 'switchboard-test' });
    const { rows } = await client.query<{ tls: boolean }>(
      'SELECT ssl AS tls FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    await client.end();
    return rows[0]?.tls ? 'TLS' : 'plain';
  } catch (error) {
    return (error as Error).message;
  }
}
const urlOf = (database: string, query: string) => server.url(query).replace('/switchboard?', `/${database}?`);

it.each([
  ['disable', 'plain', /no encryption/, 'plain'],
  ['allow', 'plain', 'TLS', 'plain'],
  ['prefer', 'TLS', 'TLS', 'plain'],
  ['require', 'TLS', 'TLS', /SSL encryption|SSL on/],
  ['verify-ca', /certificate/, /certificate/, /certificate/],
  ['verify-full', /certificate/, /certificate/, /certificate/],
  ['', 'TLS', 'TLS', 'plain'],
])('sslmode=%s', async (mode, ...expected) => {
  for (const [index, database] of ['anyone', 'only_tls', 'only_plain'].entries()) {
    const way = await reached(urlOf(database, mode && `sslmode=${mode}`));
    expect([database, way]).toEqual([
      database,
      expected[index] instanceof RegExp ? expect.stringMatching(expected[index]) : expected[index],
    ]);
  }
});

it('a server is known by its authority and its name', async () => {
  const { authority } = server.certificate;
  const byAddress = (query: string) => urlOf('anyone', query).replace('localhost', '127.0.0.1');
  expect(await reached(urlOf('anyone', `sslmode=verify-full&sslrootcert=${authority}`))).toBe('TLS');
  expect(await reached(byAddress(`sslmode=verify-ca&sslrootcert=${authority}`))).toBe('TLS');
  expect(await reached(byAddress(`sslmode=verify-full&sslrootcert=${authority}`))).toMatch(
    /IP: 127\.0\.0\.1 is not in/,
  );
  const named = server.url(`sslmode=verify-full&sslrootcert=${authority}&hostaddr=127.0.0.1`);
  expect(await reached(named)).toBe('TLS');
  const other = makeCertificate(folder).authority;
  expect(await reached(urlOf('anyone', `sslmode=require&sslrootcert=${other}`))).toMatch(/certificate/);
  expect(await reached(urlOf('anyone', 'sslmode=require&sslrootcert=/nowhere'))).toMatch(
    /sslrootcert .* cannot be read \(ENOENT\)/,
  );
});

it('shows a certificate of its own, and speaks TLS at once where it is told to', async () => {
  const { cert, key } = server.certificate;
  const url = urlOf('only_cert', `user=server&sslmode=require&sslnegotiation=direct`);
  expect(await reached(`${url}&sslcert=${cert}&sslkey=${key}`)).toBe('TLS');
  expect(await reached(url)).toMatch(/requires a valid client certificate/);
});

it('channel_binding=require takes no login without it, and sends no password there', async () => {
  const bound = (query: string) => reached(server.url(`channel_binding=require&${query}`));
  expect(await bound('sslmode=require')).toBe('TLS');
  expect(await reached(server.url('channel_binding=prefer&sslmode=disable'))).toBe('plain');
  expect(await reached(urlOf('anyone', 'channel_binding=require&sslmode=require'))).toMatch(/the server offers none/);
});

it('by a Unix socket, named in any way', async () => {
  const encoded = encodeURIComponent(server.sockets);
  for (const url of [
    server.url(`host=${server.sockets}&port=${server.port}`, ''),
    server.url('sslmode=require', `${encoded}:${server.port}`),
  ])
    expect(await reached(url)).toBe('plain');
});

it('a password from a file of its owner alone, by host, port, database and user', async () => {
  const file = join(folder, 'pgpass');
  writeFileSync(
    file,
    `# ours\nother:*:*:*:wrong\nlocalhost:${server.port}:switch\\board:switchboard:${server.password}\n*:*:*:*:wrong\n`,
  );
  const url = (host: string) => `postgresql://switchboard@${host}:${server.port}/switchboard?passfile=${file}`;
  chmodSync(file, 0o644);
  expect(await reached(url('localhost'))).toMatch(/may be read by others/);
  chmodSync(file, 0o600);
  expect(await reached(url('localhost'))).toBe('TLS');
  expect(await reached(url('127.0.0.1'))).toMatch(/password authentication failed/);
  const socket = `postgresql://switchboard@/switchboard?host=${server.sockets}&port=${server.port}&passfile=${file}`;
  expect(await reached(socket)).toBe('plain');
  symlinkSync('loop', join(folder, 'loop'));
  expect(await reached(url('localhost').replace(file, join(folder, 'loop')))).toMatch(/name one in DATABASE_URL/);
  writeFileSync(file, '');
  expect(await reached(url('localhost'))).toMatch(/name one in DATABASE_URL, PGPASSWORD or a password file/);
});

it('what is no matter of the way is set once connected, and what is not followed is named', async () => {
  const url = server.url('application_name=app&options=-c%20jit%3Doff%20--geqo%3Doff&pgbouncer=true&foo=1');
  const client = await connect(url, { name: 'switchboard-test', statementMs: 1234 });
  const { rows } = await client.query(`SELECT current_setting('application_name') AS name,
    current_setting('jit') AS jit, current_setting('geqo') AS geqo, current_setting('statement_timeout') AS timeout`);
  expect(rows).toEqual([{ name: 'switchboard-test app', jit: 'off', geqo: 'off', timeout: '1234ms' }]);
  await client.end();
  const warnings = await assertDatabaseFits(url, true);
  expect(warnings.at(-1)).toBe('DATABASE_URL: not used here, and not sent: pgbouncer, foo (docs/operations.md)');
});

describe('of several hosts', () => {
  it('every kind of connection finds the one that takes writes, past one that is gone and one that only reads', async () => {
    const database = await createDatabase();
    const { hostname, port, password, pathname } = new URL(database.url);
    const file = join(folder, 'passwords');
    writeFileSync(file, `${hostname}:${port}:*:*:${password}\nlocalhost:*:*:*:${server.password}\n`, { mode: 0o600 });
    const reading = await connect(server.url(), { name: 'switchboard-test' });
    await reading.query(`ALTER SYSTEM SET default_transaction_read_only = on`);
    await reading.query('SELECT pg_reload_conf()');
    await reading.query('SET default_transaction_read_only = off');
    await reading.query(`CREATE DATABASE ${pathname.slice(1)}`);
    const hosts = `localhost:1,localhost:${server.port},${hostname}:${port}`;
    const url = `postgresql://switchboard@${hosts}${pathname}?passfile=${file}`;
    const pool = new PgPool(url);
    const prisma = new PrismaService(url);
    let heard = 0;
    const listener = new PgListener(url, 'c', { onConnected: () => (heard += 1), onNotification: () => undefined });
    listener.start();
    expect((await pool.query('SELECT FROM log_head')).rowCount).toBe(1);
    expect(await prisma.tenant.count()).toBe(0);
    await waitFor(() => heard === 1, 'the listener');
    await listener.stop();
    await pool.onApplicationShutdown();
    await prisma.onApplicationShutdown();
    await reading.end();
    await database.drop();
  });

  it('each is told about when none will do, and a refused login ends the search', async () => {
    const readOnly = server.url('sslmode=disable', `localhost:1,localhost:${server.port}`);
    expect(await reached(readOnly)).toMatch(/^localhost:1: .*ECONNREFUSED.*; localhost:\d+: it takes no writes$/);
    const refused = readOnly.replace(server.password, 'wrong').replace(/localhost:1,(localhost:\d+)/, '$1,localhost:1');
    expect(await reached(refused)).toMatch(/password authentication failed[^;]*$/);
  });
});
