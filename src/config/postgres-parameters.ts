/**
 * The parameters of DATABASE_URL: their names, the values that they may have, and libpq's variables that stand for
 * them.
 */

/** A DATABASE_URL that cannot work; the message is one line without secrets. */
export class InvalidPostgresUrl extends Error {}

/** https://www.postgresql.org/docs/current/libpq-envars.html */
export const LIBPQ_VARIABLES = [
  ['PGHOST', 'host'], ['PGHOSTADDR', 'hostaddr'], ['PGPORT', 'port'], ['PGDATABASE', 'dbname'],
  ['PGUSER', 'user'], ['PGPASSWORD', 'password'], ['PGPASSFILE', 'passfile'], ['PGOPTIONS', 'options'],
  ['PGAPPNAME', 'application_name'], ['PGCONNECT_TIMEOUT', 'connect_timeout'], ['PGSSLMODE', 'sslmode'],
  ['PGSSLNEGOTIATION', 'sslnegotiation'], ['PGSSLROOTCERT', 'sslrootcert'], ['PGSSLCERT', 'sslcert'],
  ['PGSSLKEY', 'sslkey'], ['PGSSLCRL', 'sslcrl'], ['PGCHANNELBINDING', 'channel_binding'],
  ['PGSSLMINPROTOCOLVERSION', 'ssl_min_protocol_version'], ['PGSSLMAXPROTOCOLVERSION', 'ssl_max_protocol_version'],
  ['PGTARGETSESSIONATTRS', 'target_session_attrs'],
] as [variable: string, parameter: string][]; // prettier-ignore

const KNOWN = new Set([
  ...LIBPQ_VARIABLES.map(([, name]) => name),
  'sslpassword',
  'keepalives',
  'keepalives_idle',
  'fallback_application_name',
  'schema',
  // Parameters of other clients that hold here in any case.
  'client_encoding',
  'uselibpqcompat',
]);

/** Not the name of a parameter, so it may be a secret and must not be shown. */
export const NO_WORD = /[^a-z0-9_]|.{33}/i;

export function knowsParameter(name: string): boolean {
  return KNOWN.has(name);
}

/** Settings made after connecting, because poolers refuse them at the start. */
export interface Settings {
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** The parts of `options` that are not settings. Only these are sent as a parameter of the start. */
  readonly options: string | undefined;
}

/**
 * `-c name=value` and `--name=value`: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
 */
export function settingsOf(options: string | undefined): Settings {
  const words = options?.match(/(?:\\.|[^\s\\])+/gs)?.map((word) => word.replace(/\\(.)/gs, '$1')) ?? [];
  const settings: (readonly [string, string])[] = [];
  const rest: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] === '-c' ? `-c${words[++index] ?? ''}` : (words[index] ?? '');
    const [, name, value] = /^(?:-c|--)([\w.-]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined || value === undefined) rest.push(word.replace(/[\s\\]/g, '\\$&'));
    else settings.push([name.replaceAll('-', '_'), value]);
  }
  return { settings, options: rest.length === 0 ? undefined : rest.join(' ') };
}

/** Milliseconds; undefined: not set, or without end, which we do not allow. */
export function secondsOf(name: string, text: string | undefined): number | undefined {
  if (text !== undefined && !/^\s*-?\d{1,6}\s*$/.test(text)) throw new InvalidPostgresUrl(`${name} must be seconds`);
  return Number(text ?? 0) > 0 ? Number(text) * 1000 : undefined;
}

export function oneOf<Word extends string>(
  name: string,
  text: string | undefined,
  words: readonly Word[],
): Word | undefined {
  if (text === undefined) return undefined;
  const word = words.find((one) => one === text);
  if (word === undefined) throw new InvalidPostgresUrl(`${name} is not one of ${words.join(', ')}`);
  return word;
}
