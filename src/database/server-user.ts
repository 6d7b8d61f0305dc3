/**
 * The user as which PostgreSQL's programs run. They refuse root, so under root they run as another user, who may not
 * enter our folders without help: /root, a mode of 0700, a umask of 027. Then the programs get the smallest Linux
 * capability over files that lets them in, by `setpriv` (util-linux). Nothing is copied, moved or opened to others.
 */
import { execFile, execFileSync, type PromiseWithChild } from 'node:child_process';
import { chownSync, existsSync, statSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the programs may do beyond their user's rights; the first that is enough is used. */
const RIGHTS = [undefined, 'dac_read_search', 'dac_override'] as const;
type Right = (typeof RIGHTS)[number];

/** All that the programs see of our environment. PGDATA, PGOPTIONS, LANG and the like concern other servers. */
const SURROUNDINGS = { LC_ALL: 'C', TZ: 'UTC' };

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** No user can run the programs here; the message is one readable line. */
export class NoServerUser extends Error {}

export class ServerUser {
  private constructor(
    private readonly ids: Ids | undefined,
    private readonly right: Right,
  ) {}

  /**
   * The owner of the files in `folder`, or the user who shall own them. That user must be able to run `program` and to
   * enter `dataDir`. Rejects with {@link NoServerUser}.
   */
  static async choose(folder: string, dataDir: string, program: string): Promise<ServerUser> {
    if (process.getuid?.() !== 0) return new ServerUser(undefined, undefined);
    const ids = ownerOf(folder) ?? userOfSystem();
    for (const right of RIGHTS) {
      const user = new ServerUser(ids, right);
      if (await user.getsInto(dataDir, program)) return user;
    }
    throw new NoServerUser(
      `as root it runs as the user ${ids.uid}, who cannot get into ${dataDir} or to ${program}: ` +
        'start it as an ordinary user, install setpriv (util-linux), or set DATABASE_URL',
    );
  }

  /** Rejects when the program ends with another code than 0. */
  run(program: string, args: readonly string[], cwd: string): PromiseWithChild<{ stdout: string; stderr: string }> {
    const options = { cwd, env: SURROUNDINGS };
    if (this.ids === undefined) return run(program, args, options);
    if (this.right === undefined) return run(program, args, { ...options, ...this.ids });
    const { uid, gid } = this.ids;
    const identity = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
    // Without that bit, access(2), with which PostgreSQL looks for its files, would not count the capability.
    const rights = ['--securebits=+no_setuid_fixup', `--inh-caps=+${this.right}`, `--ambient-caps=+${this.right}`];
    return run('setpriv', [...identity, ...rights, '--', program, ...args], options);
  }

  /** Gives the file or folder to the user. */
  own(path: string): void {
    if (this.ids !== undefined) chownSync(path, this.ids.uid, this.ids.gid);
  }

  private getsInto(dataDir: string, program: string): Promise<boolean> {
    return this.run('/bin/sh', ['-c', 'cd "$0" && exec "$1" --version', dataDir, program], '/').then(
      () => true,
      () => false,
    );
  }
}

/** Undefined if it does not exist yet. */
function ownerOf(folder: string): Ids | undefined {
  if (!existsSync(folder)) return undefined;
  const { uid, gid } = statSync(folder);
  return uid === 0 ? undefined : { uid, gid };
}

function userOfSystem(): Ids {
  const idOf = (flag: string, user: string) => Number(execFileSync('id', [flag, user], { stdio: 'pipe' }).toString());
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      continue; // This machine has no such user: try the next one.
    }
  }
  throw new NoServerUser('it does not run as root and there is no user "nobody"; set DATABASE_URL');
}
