/** Starts that are interrupted, that find a database of the operator’s, or that cannot succeed. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { query } from '../support/database.js';
import { type Exit, Installation, ServerProcess } from '../support/server-process.js';
import { waitFor } from '../support/wait-for.js';

const SERVER = process.env['SWITCHBOARD_TEST_SERVER'] ?? '';
/**
 * Told to stop, it is gone in 0.2 s; initdb, where it is under way, first finishes its step. Longer than this is a
 * hang, not a busy machine.
 */
const HANGS_MS = 10_000;
const SECRET = 'geheim-7f3a91';

async function get<Body>(home: Installation, path: string, token: string): Promise<Body> {
  const response = await fetch(`${home.url}${path}`, { headers: { Authorization: `Bearer ${token}` } });
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
}

async function send(home: Installation, method: string, path: string, token: string, body: object): Promise<void> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const response = await fetch(`${home.url}${path}`, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

function expectCleanExit({ code, tookMs }: Exit, server: ServerProcess): void {
  expect({ code, stderr: server.stderr }).toEqual({ code: 0, stderr: '' });
  expect(tookMs).toBeLessThan(HANGS_MS);
}

async function createEmptyDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `boot_${randomUUID().replaceAll('-', '')}`;
  await query(SERVER, `CREATE DATABASE ${name} TEMPLATE template0`);
  const url = new URL(SERVER);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await query(SERVER, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

describe('a signal during the start', () => {
  let home: Installation;
  beforeAll(async () => (home = await Installation.create()));
  afterAll(() => home.remove());

  const postmaster = () => {
    const file = join(home.dataDir, 'postgres/postmaster.pid');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const listens = () =>
    fetch(`${home.url}/healthz`).then(
      () => true,
      () => false,
    );

  it.each<[string, 'signal' | 'signalGroup', () => boolean | Promise<boolean>]>([
    ['the cluster is made', 'signal', () => existsSync(join(home.dataDir, 'postgres-password'))],
    ['the cluster is made', 'signalGroup', () => existsSync(join(home.dataDir, 'postgres-password'))],
    ['PostgreSQL starts', 'signal', () => postmaster() !== ''],
    ['PostgreSQL starts', 'signalGroup', () => postmaster() !== ''],
    ['the database is prepared', 'signal', () => postmaster().includes('ready')],
    ['the database is prepared', 'signalGroup', () => postmaster().includes('ready')],
    ['the port has just been opened', 'signal', listens],
  ])('while %s (%s) ends it without a trace', async (moment, signal, reached) => {
    if (moment === 'the cluster is made') rmSync(home.dataDir, { recursive: true, force: true });
    const server = home.spawn();
    await waitFor(reached, moment, 30_000);
    server[signal]('SIGINT');
    expectCleanExit(await server.exited, server);
    await home.postgresGone();
  });

  it('does not keep the next start from working, not even when it is a kill -9 of all that makes the cluster', async () => {
    rmSync(home.dataDir, { recursive: true, force: true });
    const killed = home.spawn();
    const begun = () =>
      existsSync(home.dataDir) &&
      readdirSync(home.dataDir).some((name) => existsSync(join(home.dataDir, name, 'PG_VERSION')));
    await waitFor(begun, 'a cluster in the making', 30_000);
    killed.signalGroup('SIGKILL');
    await killed.exited;
    const server = await home.start();
    expect(await home.postgresPids()).toHaveLength(1);
    expectCleanExit(await server.stopBy('SIGINT'), server);
    const left = readdirSync(home.dataDir).filter((name) => !name.endsWith('-token'));
    expect(left.sort()).toEqual(['postgres', 'postgres-password', 'url']);
  });
});

describe('with a DATABASE_URL', () => {
  let home: Installation;
  let database: { url: string; drop: () => Promise<void> };
  beforeAll(async () => {
    home = await Installation.create();
    database = await createEmptyDatabase();
  });
  afterAll(async () => {
    await home.remove();
    await database.drop();
  });

  it('brings that database up to date and starts no PostgreSQL of its own', async () => {
    const server = await home.start({ DATABASE_URL: database.url, SOURCES: 'none' });
    const [applied] = await query<{ count: number }>(
      database.url,
      'SELECT count(*)::int AS count FROM _prisma_migrations WHERE finished_at IS NOT NULL',
    );
    expect(applied?.count).toBeGreaterThan(0);
    expect(await get(home, '/v1/admin/tenants', home.read('admin-token'))).toMatchObject({ tenants: [] });
    expect(existsSync(join(home.dataDir, 'postgres'))).toBe(false);
    await home.postgresGone();
    expectCleanExit(await server.stopBy('SIGTERM'), server);
    expect(server.output).not.toContain(new URL(database.url).password);
  });

  it('never shows the secrets of its sources, also when they fail', async () => {
    const server = await home.start({
      DATABASE_URL: database.url,
      SOURCES: [
        `sse+http://user:${SECRET}@127.0.0.1:2/events?key=${SECRET}`,
        `ws+ws://user:an@${SECRET}@127.0.0.1:2/ws?key=${SECRET}`,
        'pinecall+ws://127.0.0.1:2',
      ].join(','),
      SOURCE_TOKEN: `${SECRET}-source-token`,
      PINECALL_API_KEY: `${SECRET}-api-key`,
      METRICS_TOKEN: `${SECRET}-metrics-token`,
    });
    const admin = home.read('admin-token');
    await send(home, 'POST', '/v1/admin/tenants', admin, { tenant: 'acme' });
    await send(home, 'PUT', '/v1/admin/agents/mara/owner', admin, { tenant: 'acme', from: null });
    for (const source of ['sse+http', 'ws+ws', 'pinecall+ws'])
      await waitFor(() => server.output.includes(`"${source}://127.0.0.1:2`), `word of the failure of ${source}`);
    const health = await (await fetch(`${home.url}/readyz`)).text();
    expect(health).toContain('ECONNREFUSED');
    await server.stopBy('SIGTERM');
    expect(server.stdout).toContain('Sources: sse+http://127.0.0.1:2/events, ');
    expect(health + server.output).not.toContain(SECRET);
  });
});

describe('a start that cannot succeed says so in one line and exits with 1:', () => {
  let empty: { url: string; drop: () => Promise<void> };
  beforeAll(async () => (empty = await createEmptyDatabase()));
  afterAll(() => empty.drop());

  let home: Installation;
  beforeEach(async () => (home = await Installation.create()));
  afterEach(() => home.remove());

  async function refusal(variables: Record<string, string>): Promise<string> {
    const server = home.spawn({ SOURCES: 'none', DATABASE_URL: empty.url, ...variables });
    const { code } = await server.exited;
    expect({ code, stdout: server.stdout }).toEqual({ code: 1, stdout: '' });
    expect(server.stderr).toMatch(/^switchboard: [^\n]+\n$/);
    expect(server.stderr).not.toContain(SECRET);
    await home.postgresGone();
    return server.stderr;
  }
  const changed = (change: (url: URL) => void) => {
    const url = new URL(empty.url);
    change(url);
    return url.href;
  };

  it.each<[string, Record<string, string>, RegExp]>([
    ['a PORT that is no number', { PORT: 'abc' }, /PORT: .*number/],
    ['a DATABASE_URL of another make', { DATABASE_URL: `mysql://u:${SECRET}@h/d` }, /DATABASE_URL: .*postgresql:\/\//],
    ['an unknown source', { SOURCES: 'ftp://x' }, /SOURCES: ftp is not a source; known are simulator/],
    ['an empty source', { SOURCES: 'simulator,,none' }, /SOURCES: an entry is empty/],
    ['Pinecall without a key', { SOURCES: 'pinecall+wss://voice.pinecall.io' }, /needs PINECALL_API_KEY/],
    ['a source named twice', { SOURCES: 'simulator,simulator' }, /the same source is named twice/],
    ['a PUBLIC_URL that is none', { PUBLIC_URL: 'example.com' }, /PUBLIC_URL: /],
    ['an address that is not ours', { HOST: '192.0.2.1' }, /192\.0\.2\.1:\d+ cannot be used \(EADDRNOTAVAIL\)/],
  ])('%s', async (_, variables, line) => {
    expect(await refusal(variables)).toMatch(line);
  });

  it('a port in use', async () => {
    const taken = createServer().listen(home.port, '127.0.0.1');
    try {
      expect(await refusal({})).toMatch(`127.0.0.1:${home.port} is in use; set PORT to another`);
    } finally {
      taken.close();
    }
  });

  it('a data folder that cannot be one', async () => {
    writeFileSync(join(home.folder, 'file'), '');
    expect(await refusal({ DATA_DIR: join(home.folder, 'file') })).toMatch(/DATA_DIR.*(EEXIST|ENOTDIR)/);
  });

  it.each<[string, (url: URL) => void, RegExp]>([
    ['a database that cannot be reached', (url) => (url.port = '1'), /ECONNREFUSED 127\.0\.0\.1:1/],
    ['a wrong password', (url) => (url.password = SECRET), /password authentication failed/],
    ['a database that is not there', (url) => (url.pathname = '/nowhere'), /database "nowhere" does not exist/],
    ['a host that is not there', (url) => (url.host = 'nowhere.invalid'), /ENOTFOUND|EAI_AGAIN/],
  ])('%s', async (_, change, line) => {
    expect(await refusal({ DATABASE_URL: changed(change) })).toMatch(line);
  });

  it('a DATABASE_URL that cannot be read', async () => {
    expect(await refusal({ DATABASE_URL: `postgresql://user:${SECRET}#%@[host/database` })).toMatch(
      /database|DATABASE/,
    );
  });

  it('a database that forgets commits in a crash', async () => {
    const { url, drop } = await createEmptyDatabase();
    const name = new URL(url).pathname.slice(1);
    await query(SERVER, `ALTER DATABASE ${name} SET synchronous_commit = off`);
    expect(await refusal({ DATABASE_URL: url })).toMatch(/synchronous_commit is off/);
    await drop();
  });
});
