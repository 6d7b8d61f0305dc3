/**
 * Reads DATABASE_URL. Nothing else reads it, and only database/database-client.ts makes connections from it. It means
 * what it means to libpq: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
 * One thing is added: `schema`, as Prisma has it. One is stricter: no "@" may stand unescaped after the hosts. It may
 * belong to a password, and no part of a password may be taken for a host or a name and so reach a log.
 */
import { userInfo } from 'node:os';
import {
  InvalidPostgresUrl,
  knowsParameter,
  LIBPQ_VARIABLES,
  NO_WORD,
  oneOf,
  secondsOf,
  type Settings,
  settingsOf,
} from './postgres-parameters.js';

const URL_SHAPE =
  /^postgres(?:ql)?:\/\/(?:(?<login>[^/?]*)@)?(?<hosts>[^/?@]*)(?:\/(?<database>[^?@]*))?(?:\?(?<query>[^@]*))?$/s;
const HOST_SHAPE = /^(?:\[(?<address>[^\]]*)\]|(?<name>[^:[\]]*))(?::(?<port>\d*))?$/;
const ESCAPES = 'in a user or password write @ as %40, / as %2F, ? as %3F, : as %3A, % as %25';

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

export interface PostgresHost {
  /** A name, an address, or the folder of a Unix socket: what certificates and password files refer to. */
  readonly name: string;
  /** The address to connect to: `hostaddr`, if there is one. */
  readonly address: string;
  readonly port: number;
}

/** The files are given by their paths. */
export interface Tls {
  readonly mode: SslMode;
  readonly negotiation: 'postgres' | 'direct';
  readonly rootCert: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly keyPassword: string | undefined;
  readonly revoked: string | undefined;
  readonly minVersion: string | undefined;
  readonly maxVersion: string | undefined;
}

export interface PostgresUrl extends Settings {
  /** Tried in order. */
  readonly hosts: readonly PostgresHost[];
  readonly user: string;
  /** Undefined: a password file may have one. */
  readonly password: string | undefined;
  readonly passwordFile: string | undefined;
  readonly database: string;
  /** Undefined: the first schema of the login's own search_path. */
  readonly schema: string | undefined;
  readonly tls: Tls;
  readonly channelBinding: 'disable' | 'prefer' | 'require';
  /** Only a server that accepts writes will do, and each is asked. */
  readonly needsWrites: boolean;
  readonly applicationName: string | undefined;
  readonly connectMs: number | undefined;
  readonly keepAlive: boolean;
  readonly keepAliveMs: number;
  /** Names of parameters that were given and are ignored. */
  readonly unused: readonly string[];
}

/** Throws {@link InvalidPostgresUrl}: one line, without secrets. */
export function readPostgresUrl(text: string): PostgresUrl {
  const given = parametersOf(text);
  const value = (name: string) => given.get(name) || undefined;
  const hosts = hostsOf(value('host'), value('hostaddr'), value('port'));
  const user = value('user') ?? userOfSystem();
  const bindings = ['disable', 'prefer', 'require'] as const;
  const channelBinding = oneOf('channel_binding', value('channel_binding'), bindings) ?? 'disable';
  const tls = tlsOf(value);
  if (channelBinding === 'require' && tls.mode === 'disable')
    throw new InvalidPostgresUrl('channel_binding=require needs TLS, and sslmode is disable');
  return {
    hosts,
    user,
    database: value('dbname') ?? user,
    schema: value('schema'),
    password: value('password'),
    passwordFile: value('passfile'),
    tls,
    channelBinding,
    needsWrites: needsWrites(value('target_session_attrs'), hosts.length),
    applicationName: value('application_name') ?? value('fallback_application_name'),
    connectMs: secondsOf('connect_timeout', value('connect_timeout')),
    keepAlive: value('keepalives') !== '0',
    keepAliveMs: secondsOf('keepalives_idle', value('keepalives_idle')) ?? 0,
    ...settingsOf(value('options')),
    unused: [...given.keys()]
      .filter((name) => !knowsParameter(name))
      .map((name) => (NO_WORD.test(name) ? 'one of another name' : name)),
  };
}

/** The URL, completed by libpq's variables of the shell. */
export function withVariables(text: string, variables: Readonly<Record<string, string | undefined>>): string {
  const given = parametersOf(text);
  return LIBPQ_VARIABLES.filter(([variable, name]) => variables[variable] && !given.get(name)).reduce(
    (url, [variable, name]) => withParameter(url, name, variables[variable] ?? ''),
    text,
  );
}

export function withParameter(text: string, name: string, value: string): string {
  return `${text}${text.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`;
}

/** By libpq's names, whatever name each had before the "?". The later value counts. */
function parametersOf(text: string): Map<string, string> {
  const { login, hosts, database, query } = URL_SHAPE.exec(text)?.groups ?? {};
  if (hosts === undefined)
    throw new InvalidPostgresUrl(
      `must look like postgresql://host:5432/database, with user:password@ before the host; ${ESCAPES}`,
    );
  const given = new Map<string, string>();
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/s.exec(login ?? '') ?? [];
  const ends = hosts.split(',').map((one) => HOST_SHAPE.exec(one)?.groups);
  if (ends.includes(undefined))
    throw new InvalidPostgresUrl(`the host, or the port after it, cannot be read; ${ESCAPES}`);
  const names = ends.map((end) => end?.['address'] ?? end?.['name'] ?? '');
  const ports = ends.map((end) => end?.['port'] ?? '');
  for (const [name, value] of [
    ...([
      ['user', user],
      ['password', password],
      ['dbname', database ?? ''],
    ] as const),
    ...([
      ['host', hosts === '' ? '' : names.join(',')],
      ['port', ports.some(Boolean) ? ports.join(',') : ''],
    ] as const),
    ...pairsOf(query ?? ''),
  ])
    // prettier-ignore
    if (value !== '') given.set(name, unescaped(value));
  return given;
}

function pairsOf(query: string): [string, string][] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
      if (name === undefined || value === undefined)
        throw new InvalidPostgresUrl(`what stands behind the "?" must be name=value, joined by "&"; ${ESCAPES}`);
      return SPELLINGS[`${name}=${value}`] ?? (name === 'ssl' ? ['sslmode', value] : [name, value]);
    });
}

/** Names that other clients use for it. */
const SPELLINGS: Record<string, [string, string]> = {
  'ssl=true': ['sslmode', 'require'],
  'ssl=1': ['sslmode', 'require'],
  'ssl=false': ['sslmode', 'disable'],
  'ssl=0': ['sslmode', 'disable'],
  'ssl=no-verify': ['sslmode', 'require'],
  'sslmode=no-verify': ['sslmode', 'require'],
};

/** A "%" that encodes nothing stands for itself. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    throw new InvalidPostgresUrl(`what is percent-encoded in it is not UTF-8; ${ESCAPES}`);
  }
}

function hostsOf(host: string | undefined, hostaddr: string | undefined, port = ''): PostgresHost[] {
  const addresses = hostaddr?.split(',') ?? [];
  const names = (host ?? hostaddr ?? '').split(',');
  const ports = port.split(',');
  if (![1, names.length].includes(ports.length) || ![0, names.length].includes(addresses.length))
    throw new InvalidPostgresUrl('as many hosts, addresses (hostaddr) and ports must be named');
  return names.map((name, index) => ({
    name: name || 'localhost',
    address: addresses[index] || name || 'localhost',
    port: portOf(ports.length === 1 ? ports[0] : ports[index]),
  }));
}

function portOf(text: string | undefined): number {
  const port = Number(text || 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidPostgresUrl('a port must be a number from 1 to 65535');
  return port;
}

/** As in libpq, `sslrootcert=system` (the authorities that the machine trusts) requires verify-full. */
function tlsOf(value: (name: string) => string | undefined): Tls {
  const rootCert = value('sslrootcert');
  const mode = oneOf('sslmode', value('sslmode'), SSL_MODES) ?? (rootCert === 'system' ? 'verify-full' : 'prefer');
  const negotiation = oneOf('sslnegotiation', value('sslnegotiation'), ['postgres', 'direct'] as const) ?? 'postgres';
  const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
  const isWeak = ['disable', 'allow', 'prefer'].includes(mode);
  if (negotiation === 'direct' && isWeak)
    throw new InvalidPostgresUrl('sslnegotiation=direct goes with sslmode require, verify-ca or verify-full only');
  if (rootCert === 'system' && mode !== 'verify-full')
    throw new InvalidPostgresUrl('sslrootcert=system goes with sslmode=verify-full only');
  return {
    mode,
    negotiation,
    rootCert,
    cert: value('sslcert'),
    key: value('sslkey'),
    keyPassword: value('sslpassword'),
    revoked: value('sslcrl'),
    minVersion: oneOf('ssl_min_protocol_version', value('ssl_min_protocol_version'), versions),
    maxVersion: oneOf('ssl_max_protocol_version', value('ssl_max_protocol_version'), versions),
  };
}

/** We write a log, so of several servers only the one that accepts writes will do, whatever else the URL allows. */
function needsWrites(wish: string | undefined, hosts: number): boolean {
  const words = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;
  const attributes = oneOf('target_session_attrs', wish, words);
  if (attributes === 'read-only' || attributes === 'standby')
    throw new InvalidPostgresUrl(
      `target_session_attrs=${attributes} leads to a server that takes no writes; say read-write`,
    );
  return hosts > 1 || attributes === 'read-write' || attributes === 'primary';
}

/** As in libpq: the user who runs the process. */
function userOfSystem(): string {
  try {
    return userInfo().username;
  } catch {
    throw new InvalidPostgresUrl('no user is named');
  }
}
