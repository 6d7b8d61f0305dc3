/**
 * Where and in what surroundings the two commands of the README work: closed folders, odd paths, a shell full of
 * variables.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertDatabaseFits } from '../../src/database/database-check.js';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { NoServerUser, ServerUser } from '../../src/database/server-user.js';
import { Installation } from '../support/server-process.js';
import { waitFor } from '../support/wait-for.js';

/** Variables of a shell that mean another PostgreSQL, or nothing that is known here. */
const SHELL = {
  PGSSLMODE: 'verify-full',
  PGSSLNEGOTIATION: 'direct',
  PGOPTIONS: '-c no.such=1 -c bogus=1',
  PGDATA: '/nowhere',
  PGHOST: 'nowhere.invalid',
  PGPORT: '1',
  PGUSER: 'nobody',
  PGDATABASE: 'none',
  PGCLIENTENCODING: 'LATIN1',
  PGPASSWORD: 'wrong',
  PGPASSFILE: '/nowhere',
  PGSSLROOTCERT: '/nowhere',
  PGTARGETSESSIONATTRS: 'standby',
  PGREPLICATION: 'database',
  PGAPPNAME: 'psql',
  PGCHANNELBINDING: 'require',
  PGCONNECT_TIMEOUT: '1',
  TZ: 'Nowhere/Odd',
  LANG: 'xx_YY.UTF-8',
  LC_ALL: 'xx_YY.UTF-8',
};
const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? it : it.skip;
/** Names why, where a test is skipped. */
const orWhy = (title: string) => (isRoot ? title : `${title} (skipped: not root)`);

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'switchboard-places-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('a folder of mode 0700, a long path with spaces, a umask of 027, a foreign shell, IPv6: it starts, and again', async () => {
  const dataDir = join(folder, 'a folder with spaces '.repeat(8).trim(), 'ñandú and more of it'.repeat(3), 'data');
  expect(dataDir.length).toBeGreaterThan(220);
  const home = await Installation.create({ ...SHELL, DATA_DIR: dataDir, SOURCES: 'none' });
  const umask = process.umask(0o027);
  try {
    const first = await home.start({ WORKERS: '2' });
    expect((await first.stopBy('SIGTERM')).code).toBe(0);
    expect(statSync(dataDir).mode & 0o777).toBe(0o750);
    const again = home.spawn({ HOST: '::1' });
    await waitFor(() => !again.alive || again.stdout.includes('as the operator'), 'the welcome', 60_000);
    expect(again.stdout).toContain(`Switchboard listens on http://[::1]:${home.port} `);
    expect((await fetch(`http://[::1]:${home.port}/readyz`)).status).toBe(200);
    expect((await again.stopBy('SIGTERM')).code).toBe(0);
    expect(first.stderr + again.stderr).toBe('');
  } finally {
    process.umask(umask);
    await home.remove();
  }
});

describe('as root PostgreSQL’s programs run as another user', () => {
  /** As npm leaves it: a program, and the folder of the data. */
  const place = (folderMode: number, programMode: number) => {
    const [program, data] = [join(folder, 'program'), join(folder, 'data')];
    writeFileSync(program, '#!/bin/sh\nexit 0\n');
    chmodSync(program, programMode);
    mkdirSync(data, { mode: 0o700 });
    chmodSync(data, folderMode);
    chmodSync(folder, folderMode);
    return { program, data, cluster: join(data, 'postgres') };
  };
  const rightsOf = async ({ program, data, cluster }: ReturnType<typeof place>) => {
    const user = await ServerUser.choose(cluster, data, program);
    const { stdout } = await user.run('/bin/sh', ['-c', 'id -u; grep CapEff /proc/self/status'], '/');
    return { isRoot: stdout.startsWith('0\n'), rights: parseInt(/CapEff:\s*(\w+)/.exec(stdout)?.[1] ?? '', 16) };
  };

  asRoot.each<[string, number, number, number]>([
    ['none, where that one gets in', 0o755, 0o755, 0],
    ['to read and pass, in a folder of mode 0700', 0o700, 0o755, 1 << 2],
    ['to run and pass, after a umask of 027', 0o750, 0o750, 1 << 1],
  ])(orWhy('with the least right over files that lets it in: %s'), async (_, folderMode, programMode, rights) => {
    expect(await rightsOf(place(folderMode, programMode))).toEqual({ isRoot: false, rights });
  });

  asRoot(orWhy('as the owner of what is there already'), async () => {
    const { program, data, cluster } = place(0o755, 0o755);
    mkdirSync(cluster);
    const user = await ServerUser.choose(cluster, data, program);
    user.own(cluster);
    const { uid } = statSync(cluster);
    const other = (await ServerUser.choose(cluster, data, program)).run('/usr/bin/id', ['-u'], '/');
    expect(Number((await other).stdout)).toBe(uid);
  });

  asRoot(orWhy('and where none gets in, one line says what to do'), async () => {
    const { data, cluster } = place(0o755, 0o755);
    const refusal = ServerUser.choose(cluster, data, join(folder, 'no-such-program'));
    await expect(refusal).rejects.toThrow(NoServerUser);
    await expect(refusal).rejects.toThrow(/^as root it runs as .*setpriv \(util-linux\), or set DATABASE_URL$/);
  });
});

it('a database without fsync is refused, unless its storage makes up for it; without full_page_writes it is said', async () => {
  const server = await EmbeddedPostgres.start(join(folder, 'data'), ['-c fsync=off', '-c full_page_writes=off']);
  try {
    await expect(assertDatabaseFits(server.url, false)).rejects.toThrow(/^fsync is off; .*ALLOW_FSYNC_OFF=true/);
    const warnings = [expect.stringMatching(/^fsync is off/), expect.stringMatching(/^full_page_writes is off/)];
    expect(await assertDatabaseFits(server.url, true)).toEqual(warnings);
  } finally {
    await server.stop();
  }
});
