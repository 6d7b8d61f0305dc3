/** What the shell sets: which server, and which token. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { URL_FILE, localUrl } from '../common/address.js';

export interface Target {
  /** Without a trailing slash. */
  readonly url: string;
  readonly token: string;
}

export interface TargetOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** A mistake of the person at the keyboard, in one line. */
export class UsageError extends Error {}

/**
 * `--url`, SWITCHBOARD_URL, or the server's own note of its address; SWITCHBOARD_TOKEN, or the file that the server
 * made for its operator. Throws {@link UsageError}.
 */
export function readTarget({ url, tokenFile }: TargetOptions): Target {
  const { SWITCHBOARD_URL, SWITCHBOARD_TOKEN, DATA_DIR } = process.env;
  const base = url ?? (SWITCHBOARD_URL || urlHere());
  if (!URL.canParse(base) || !/^https?:/.test(base)) throw new UsageError(`"${base}" is not an http or https address`);
  const file = tokenFile ?? join(DATA_DIR || '.switchboard', 'admin-token');
  const token = tokenFile === undefined && SWITCHBOARD_TOKEN ? SWITCHBOARD_TOKEN : readToken(file);
  return { url: base.replace(/\/+$/, ''), token };
}

/** By PORT and HOST of this shell, otherwise by the data folder. */
function urlHere(): string {
  const { PORT, HOST, DATA_DIR } = process.env;
  if (PORT) return localUrl(HOST || '127.0.0.1', PORT) ?? '';
  try {
    return readFileSync(join(DATA_DIR || '.switchboard', URL_FILE), 'utf8').trim();
  } catch {
    return 'http://127.0.0.1:3000'; // No server has run here.
  }
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new UsageError(`no token: set SWITCHBOARD_TOKEN, or --token-file (${file} cannot be read)`);
  }
}

/** `npx` runs us in a shell of its own. */
export function isInShell(): boolean {
  return 'npm_lifecycle_event' in process.env;
}

/** Colours only for people: https://no-color.org */
export function wantsColour(): boolean {
  return process.stdout.isTTY && !process.env['NO_COLOR'];
}
