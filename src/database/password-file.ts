/**
 * libpq's password file: https://www.postgresql.org/docs/current/libpq-pgpass.html
 * (The driver's `pgpass` reads the shell's variables for every server, the embedded one too.)
 */
import { type Stats, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { PostgresHost, PostgresUrl } from '../config/postgres-url.js';
import { NoLogin } from './ways.js';

/** The password of the first matching line; undefined if none matches. Rejects a file that others may read. */
export function passwordFrom({ passwordFile, database, user }: PostgresUrl, host: PostgresHost): string | undefined {
  const path = passwordFile ?? join(homedir(), ...(process.platform === 'win32' ? WINDOWS : ['.pgpass']));
  const stats = unlessItFails(() => statSync(path));
  if (!stats?.isFile()) return undefined;
  if (isOpen(stats)) throw new NoLogin('the password file may be read by others, so it is not used: chmod 600');
  const wanted = [host.name.startsWith('/') ? 'localhost' : host.name, String(host.port), database, user];
  const text = unlessItFails(() => readFileSync(path, 'utf8')) ?? '';
  return text
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map(fieldsOf)
    .find((fields) => wanted.every((value, index) => fields[index] === '*' || unescaped(fields[index]) === value))
    ?.slice(wanted.length)
    .map(unescaped)
    .join(':');
}

/** A file that does not exist, or that we may not read, has no password. */
function unlessItFails<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch {
    return undefined; // The login reports that it has no password.
  }
}

const WINDOWS = ['AppData', 'Roaming', 'postgresql', 'pgpass.conf'];

function isOpen({ mode }: Stats): boolean {
  return process.platform !== 'win32' && (mode & 0o077) !== 0;
}

/** Fields as written: "\:" and "\\" belong to a field. */
function fieldsOf(line: string): string[] {
  return line.match(/(?:\\.|[^:\\])+|(?<=^|:)(?=:|$)/g) ?? [];
}

function unescaped(field: string | undefined): string | undefined {
  return field?.replace(/\\(.)/g, '$1');
}
