/** The only reader of `process.env`: a schema in, a frozen {@link Env} out. */
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Limits } from '../common/limits.js';
import { type TrustProxy, trustProxyOf } from './trust-proxy.js';

const seconds = (fallback: number, max: number) => z.coerce.number().int().min(1).max(max).default(fallback);

const limit = (fallback: number) => z.coerce.number().int().min(1).max(1_000_000).default(fallback);

const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\/.+/, 'must look like postgresql://user:password@host:5432/database');

const busUrl = z
  .string()
  .regex(/^(nats|tls|rediss?):\/\/[^\s/]+/, 'must look like nats://host:4222, tls://host:4222, redis://… or rediss://…')
  .refine((url) => URL.canParse(url), 'is not a URL');

const trustProxy = z.string().transform((text, context) => {
  const trusted = trustProxyOf(text);
  if (trusted !== undefined) return trusted;
  context.addIssue('must be how many proxies stand in front (1), or their addresses (10.0.0.0/8,loopback)');
  return z.NEVER;
});

const envSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATABASE_URL: postgresUrl.optional(),
  ALLOW_FSYNC_OFF: z.stringbool().default(false),
  BUS_URL: busUrl.optional(),
  SOURCES: z.string().optional(),
  SOURCE_TOKEN: z.string().min(1).optional(),
  PINECALL_API_KEY: z.string().min(1).optional(),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  DATA_DIR: z.string().min(1).default('.switchboard'),
  STREAM_PING_SECONDS: seconds(30, 300),
  STREAM_MAX_SECONDS: seconds(3600, 86_400),
  WORKERS: z.coerce.number().int().min(1).max(64).default(1),
  DRAIN_SECONDS: seconds(10, 600),
  METRICS_TOKEN: z.string().min(16).optional(),
  AUTH_JWKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  AUTH_ISSUER: z.string().min(1).optional(),
  AUTH_AUDIENCE: z.string().min(1).optional(),
  AUTH_TENANT_CLAIM: z.string().min(1).default('tenant'),
  AUTH_SCOPE_CLAIM: z.string().min(1).default('scope'),
  CALL_MAX_SILENCE_MINUTES: z.coerce.number().int().min(1).max(100_000).default(240),
  CALL_MAX_EVENTS: z.coerce.number().int().min(100).max(1_000_000).default(50_000),
  CORS_ORIGINS: z.string().optional(),
  TRUST_PROXY: trustProxy.default(false),
  LIMIT_STREAMS: limit(1000),
  LIMIT_STREAMS_PER_TOKEN: limit(500),
  LIMIT_REQUESTS_PER_SECOND: limit(50),
  LIMIT_INGEST_PER_SECOND: limit(1000),
  LIMIT_INGEST_BYTES_PER_SECOND: z.coerce.number().int().min(1).max(1_000_000_000).default(1_048_576),
  LIMIT_TOKENS: limit(1000),
  RETENTION_DAYS: z.coerce.number().int().min(1).max(36_500).optional(),
});

/** The operator's own identity provider: tokens of `issuer` for `audience`, signed by a key of the set at `jwksUrl`. */
export interface IdentityProvider {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** Names of the claims that hold the tenant and the scopes. */
  readonly tenantClaim: string;
  readonly scopeClaim: string;
}

/** What the operator configured. `demo` is true when no `SOURCES` were named: see api.md, "Running it". */
export interface Env {
  readonly port: number;
  readonly host: string;
  /** Absent: a PostgreSQL of our own runs under {@link Env.dataDir}. */
  readonly databaseUrl: string | undefined;
  /** The database's storage keeps what it was given without fsync, as that of some hosted ones does. */
  readonly allowFsyncOff: boolean;
  /** NATS or Redis between processes. Absent: PostgreSQL NOTIFY. */
  readonly busUrl: string | undefined;
  /** URLs of event sources; `[]` means ingest only. */
  readonly sources: readonly string[];
  readonly demo: boolean;
  readonly sourceToken: string | undefined;
  readonly pinecallApiKey: string | undefined;
  /** What links and stream URLs begin with, without a trailing slash. The first one names the issuer of tokens (auth/issuer.ts). */
  readonly publicUrl: string;
  readonly dataDir: string;
  readonly streamPingMs: number;
  readonly streamMaxMs: number;
  /** Processes that share the port; 1: this one serves. */
  readonly workers: number;
  /** Longest time over which readers are told that the process goes down. */
  readonly drainMs: number;
  readonly metricsToken: string | undefined;
  readonly identityProvider: IdentityProvider | undefined;
  /** Origins whose pages may call the API; `[]`: only our own. */
  readonly corsOrigins: readonly string[];
  /** Who may say for whom a request was forwarded. */
  readonly trustProxy: TrustProxy;
  /** How long nothing may come of a call before it counts as over. */
  readonly callMaxSilenceMs: number;
  /** What is said in a call is kept up to so many of its events; the log goes on. */
  readonly callMaxEvents: number;
  /** Of a tenant that overrides none of them. */
  readonly limits: Limits;
  /** Events are kept so long, where a tenant does not say otherwise; undefined: for ever. */
  readonly retentionDays: number | undefined;
}

/** A configuration that cannot work; its message is one readable line for the console. */
export class InvalidEnv extends Error {}

/** Reads and checks the variables of api.md's table. Throws {@link InvalidEnv}. */
export function readEnv(variables: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = envSchema.safeParse(given);
  if (!parsed.success) {
    throw new InvalidEnv(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
  const env = parsed.data;
  const demo = env.SOURCES === undefined;
  const sources = (env.SOURCES ?? 'simulator').split(',').map((source) => source.trim());
  if (sources.some((source) => source === '')) {
    throw new InvalidEnv('SOURCES: an entry is empty; separate URLs by single commas, or say "none"');
  }
  const publicUrl = (env.PUBLIC_URL ?? `http://${inUrl(env.HOST)}:${env.PORT}`).replace(/\/+$/, '');
  return Object.freeze({
    port: env.PORT,
    host: env.HOST,
    databaseUrl: env.DATABASE_URL,
    allowFsyncOff: env.ALLOW_FSYNC_OFF,
    busUrl: env.BUS_URL,
    sources: sources.length === 1 && sources[0] === 'none' ? [] : sources,
    demo,
    sourceToken: env.SOURCE_TOKEN,
    pinecallApiKey: env.PINECALL_API_KEY,
    publicUrl,
    dataDir: resolve(env.DATA_DIR),
    streamPingMs: env.STREAM_PING_SECONDS * 1000,
    streamMaxMs: env.STREAM_MAX_SECONDS * 1000,
    workers: env.WORKERS,
    drainMs: env.DRAIN_SECONDS * 1000,
    metricsToken: env.METRICS_TOKEN,
    identityProvider: identityProviderOf(env),
    corsOrigins: corsOriginsOf(env),
    trustProxy: env.TRUST_PROXY,
    callMaxSilenceMs: env.CALL_MAX_SILENCE_MINUTES * 60_000,
    callMaxEvents: env.CALL_MAX_EVENTS,
    limits: {
      streams: env.LIMIT_STREAMS,
      streamsPerToken: env.LIMIT_STREAMS_PER_TOKEN,
      requestsPerSecond: env.LIMIT_REQUESTS_PER_SECOND,
      ingestPerSecond: env.LIMIT_INGEST_PER_SECOND,
      ingestBytesPerSecond: env.LIMIT_INGEST_BYTES_PER_SECOND,
      tokens: env.LIMIT_TOKENS,
    },
    retentionDays: env.RETENTION_DAYS,
  });
}

/** An address of IPv6 stands in brackets there. */
function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

type Variables = z.infer<typeof envSchema>;

/** All of its three or none: half of it would let in less, or more, than the operator believes. */
function identityProviderOf(env: Variables): IdentityProvider | undefined {
  const { AUTH_JWKS_URL: jwksUrl, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = env;
  if (jwksUrl === undefined && issuer === undefined && audience === undefined) return undefined;
  if (jwksUrl === undefined || issuer === undefined || audience === undefined) {
    throw new InvalidEnv('AUTH_JWKS_URL, AUTH_ISSUER and AUTH_AUDIENCE: set all three, or none');
  }
  return { jwksUrl, issuer, audience, tenantClaim: env.AUTH_TENANT_CLAIM, scopeClaim: env.AUTH_SCOPE_CLAIM };
}

function corsOriginsOf({ CORS_ORIGINS: list }: Variables): readonly string[] {
  const origins = list?.split(',').map((origin) => origin.trim()) ?? [];
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new InvalidEnv(`CORS_ORIGINS: "${origin}" is not an origin like https://dashboard.example.com`);
    }
  }
  return origins;
}

/** Injection token of {@link Env}. */
export const ENV = Symbol('Env');
