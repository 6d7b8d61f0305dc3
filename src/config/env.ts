/** The only reader of `process.env`: a schema in, a frozen {@link Env} out. */
import { resolve } from 'node:path';
import { z } from 'zod';
import type { AddressRange } from '../common/address-range.js';
import { localUrl } from '../common/address.js';
import type { Limits } from '../common/limits.js';
import { type IdentityProvider, identityProviderOf, identityProviderVariables } from './identity-provider.js';
import { InvalidPostgresUrl } from './postgres-parameters.js';
import { readPostgresUrl, withVariables } from './postgres-url.js';
import { PublicUrl } from './public-url.js';
import type { TrustProxy } from './trust-proxy.js';
import * as text from './variables.js';

const { InvalidEnv, busUrl, corsOrigins, flag, integer, postgresUrl, publicUrl, secret, shown, trustProxy } = text;
const { mailFrom, recordingHosts, smtpUrl, webhooksAllow } = text;

const seconds = (fallback: number, max: number) => integer(1, max).default(fallback);

const limit = (fallback: number) => integer(1, 1_000_000).default(fallback);

const envSchema = z.object({
  PORT: integer(0, 65_535).default(3000),
  HOST: z
    .string()
    .transform((host) => host.replace(/^\[(.*)\]$/, '$1'))
    .default('127.0.0.1'),
  DATABASE_URL: postgresUrl.optional(),
  ALLOW_FSYNC_OFF: flag.default(false),
  BUS_URL: busUrl.optional(),
  SOURCES: z.string().optional(),
  SOURCE_TOKEN: z.string().min(1).optional(),
  PINECALL_API_KEY: z.string().min(1).optional(),
  PINECALL2_API_KEY: z.string().min(1).optional(),
  PINECALL2_SUPERVISOR_KEY: z.string().min(1).optional(),
  PINECALL_OPS_KEY: z.string().min(1).optional(),
  RECORDING_HOSTS: recordingHosts,
  PUBLIC_URL: publicUrl.optional(),
  DATA_DIR: z.string().min(1).default('.switchboard'),
  STREAM_PING_SECONDS: seconds(30, 300),
  STREAM_MAX_SECONDS: seconds(3600, 86_400),
  WORKERS: integer(1, 64).default(1),
  DRAIN_SECONDS: seconds(10, 600),
  LEAVE_SECONDS: integer(0, 600).default(0),
  METRICS_TOKEN: secret.optional(),
  CALL_MAX_SILENCE_MINUTES: integer(1, 100_000).default(240),
  CALL_MAX_EVENTS: integer(100, 1_000_000).default(50_000),
  CORS_ORIGINS: corsOrigins,
  TRUST_PROXY: trustProxy.default(false),
  LIMIT_STREAMS: limit(1000),
  LIMIT_STREAMS_PER_TOKEN: limit(500),
  LIMIT_REQUESTS_PER_SECOND: limit(50),
  LIMIT_INGEST_PER_SECOND: limit(1000),
  LIMIT_INGEST_BYTES_PER_SECOND: integer(1, 1_000_000_000).default(1_048_576),
  LIMIT_TOKENS: limit(1000),
  RETENTION_DAYS: integer(1, 36_500).optional(),
  WEBHOOKS_ALLOW: webhooksAllow,
  SMTP_URL: smtpUrl.optional(),
  SMTP_FROM: mailFrom.optional(),
  ...identityProviderVariables,
});

/** What the operator configured (docs/operations.md, "Configuration"). `demo` is true when no `SOURCES` were named. */
export interface Env {
  readonly port: number;
  readonly host: string;
  /** Absent: the embedded PostgreSQL runs under {@link Env.dataDir}. */
  readonly databaseUrl: string | undefined;
  /** The database's storage keeps what it was given without fsync, as some hosted ones do. */
  readonly allowFsyncOff: boolean;
  /** NATS or Redis between processes. Absent: PostgreSQL NOTIFY. */
  readonly busUrl: string | undefined;
  /** URLs of event sources; `[]` means ingest only. */
  readonly sources: readonly string[];
  readonly demo: boolean;
  readonly sourceToken: string | undefined;
  readonly pinecallApiKey: string | undefined;
  /** Of the second generation, if its URL is another one. */
  readonly pinecall2ApiKey: string | undefined;
  /** With which calls of the second generation are steered; undefined: the key that reads them. */
  readonly pinecall2SupervisorKey: string | undefined;
  readonly pinecallOpsKey: string | undefined;
  /** Where recordings may lie that no gateway sends itself (desk/recording-hosts.ts). */
  readonly recordingHosts: readonly string[];
  /** The start of links and stream URLs. The first value ever names the issuer of tokens (auth/keys/issuer.ts). */
  readonly publicUrl: PublicUrl;
  readonly dataDir: string;
  readonly streamPingMs: number;
  readonly streamMaxMs: number;
  /** Processes that share the port; 1: this one serves requests itself. */
  readonly workers: number;
  /** The longest time over which readers are told that the process stops. */
  readonly drainMs: number;
  /** How long a process that was told to stop still serves, not ready, for balancers that check only now and then. */
  readonly leaveMs: number;
  readonly metricsToken: string | undefined;
  readonly identityProvider: IdentityProvider | undefined;
  /** Origins whose pages may call the API; `[]`: only our own. */
  readonly corsOrigins: readonly string[];
  /** Who is believed about the client of a forwarded request. */
  readonly trustProxy: TrustProxy;
  /** How long a call may be silent before it counts as over. */
  readonly callMaxSilenceMs: number;
  /** How many events of a call its transcript keeps; the log keeps all. */
  readonly callMaxEvents: number;
  /** For a tenant that overrides none of them. */
  readonly limits: Limits;
  /** How long events are kept if a tenant does not override it; undefined: for ever. */
  readonly retentionDays: number | undefined;
  /** Addresses that webhooks may use though they are not public, also without TLS. In the demo: its own machine. */
  readonly webhooksAllow: readonly AddressRange[];
  /** The server by which mails are sent; undefined: none are. */
  readonly smtpUrl: string | undefined;
  /** Whom mails are from; undefined: an address at the host of {@link Env.publicUrl}. */
  readonly smtpFrom: string | undefined;
}

type Shell = Record<string, string | undefined>;

/**
 * Reads and checks the variables of docs/operations.md, "Configuration". `shell` holds libpq's variables, for whatever
 * DATABASE_URL does not say; `{}` if we made that URL ourselves. Throws {@link InvalidEnv}.
 */
export function readEnv(variables: Shell, shell = variables): Env {
  const env = parse(variables);
  const demo = env.SOURCES === undefined;
  return Object.freeze({
    port: env.PORT,
    host: env.HOST,
    databaseUrl: databaseUrlOf(env.DATABASE_URL, shell),
    allowFsyncOff: env.ALLOW_FSYNC_OFF,
    busUrl: env.BUS_URL,
    sources: sourcesOf(env),
    demo,
    sourceToken: env.SOURCE_TOKEN,
    pinecallApiKey: env.PINECALL_API_KEY,
    pinecall2ApiKey: env.PINECALL2_API_KEY ?? env.PINECALL_API_KEY,
    pinecall2SupervisorKey: env.PINECALL2_SUPERVISOR_KEY,
    pinecallOpsKey: env.PINECALL_OPS_KEY,
    publicUrl: env.PUBLIC_URL ?? ownUrl(env),
    dataDir: resolve(env.DATA_DIR),
    streamPingMs: env.STREAM_PING_SECONDS * 1000,
    streamMaxMs: env.STREAM_MAX_SECONDS * 1000,
    workers: env.WORKERS,
    drainMs: env.DRAIN_SECONDS * 1000,
    leaveMs: env.LEAVE_SECONDS * 1000,
    metricsToken: env.METRICS_TOKEN,
    identityProvider: identityProviderOf(env),
    corsOrigins: env.CORS_ORIGINS,
    trustProxy: env.TRUST_PROXY,
    callMaxSilenceMs: env.CALL_MAX_SILENCE_MINUTES * 60_000,
    callMaxEvents: env.CALL_MAX_EVENTS,
    limits: limitsOf(env),
    retentionDays: env.RETENTION_DAYS,
    webhooksAllow: env.WEBHOOKS_ALLOW(demo),
    smtpUrl: env.SMTP_URL,
    smtpFrom: env.SMTP_FROM,
    recordingHosts: env.RECORDING_HOSTS,
  });
}

type Variables = z.infer<typeof envSchema>;

/** A variable that is set to an empty text counts as not set. */
function parse(variables: Shell): Variables {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = envSchema.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => {
      const name = path.join('.');
      return `${name}: ${message}, and is ${shown(name, given[name] ?? '')}`;
    });
    throw new InvalidEnv(faults.join('; '));
  }
  return parsed.data;
}

function sourcesOf(env: Variables): readonly string[] {
  const sources = (env.SOURCES ?? 'simulator').split(',').map((source) => source.trim());
  if (sources.some((source) => source === '')) {
    throw new InvalidEnv('SOURCES: an entry is empty; separate URLs by single commas, or say "none"');
  }
  return sources.length === 1 && sources[0] === 'none' ? [] : sources;
}

function ownUrl({ HOST, PORT }: Variables): PublicUrl {
  const url = localUrl(HOST, PORT);
  if (url === undefined)
    throw new InvalidEnv(`HOST: "${HOST}" stands in no address; say in PUBLIC_URL where pages are`);
  return PublicUrl.parse(url);
}

/** Adds libpq's variables of the shell, which do not apply to the embedded server. */
function databaseUrlOf(given: string | undefined, shell: Shell): string | undefined {
  if (given === undefined) return undefined;
  try {
    const url = withVariables(given, shell);
    readPostgresUrl(url);
    return url;
  } catch (error) {
    throw error instanceof InvalidPostgresUrl
      ? new InvalidEnv(`DATABASE_URL with libpq's variables: ${error.message}`)
      : error;
  }
}

function limitsOf(env: Variables): Limits {
  return {
    streams: env.LIMIT_STREAMS,
    streamsPerToken: env.LIMIT_STREAMS_PER_TOKEN,
    requestsPerSecond: env.LIMIT_REQUESTS_PER_SECOND,
    ingestPerSecond: env.LIMIT_INGEST_PER_SECOND,
    ingestBytesPerSecond: env.LIMIT_INGEST_BYTES_PER_SECOND,
    tokens: env.LIMIT_TOKENS,
  };
}

/** Injection token of {@link Env}. */
export const ENV = Symbol('Env');
