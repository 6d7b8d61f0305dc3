/** Who a request is, as its token says. Scope comes from here and from nowhere else (security rule 1). */
import { z } from 'zod';
import { AgentName, CallId, TenantId, agentNameSchema, callIdSchema, tenantIdSchema } from '../common/ids.js';
import type { Limits } from '../common/limits.js';
import { Problem } from '../common/problem.js';

export const SCOPES = [
  'events:read',
  'agents:read',
  'tokens:write',
  'events:write',
  'webhooks:write',
  'rules:write',
  'recordings:read',
  'calls:steer',
  'admin',
] as const;
export const scopeSchema = z.enum(SCOPES);
export type Scope = z.infer<typeof scopeSchema>;

/**
 * `api`: works wherever its scopes allow. `stream`: opens event streams only. `session`: comes as a cookie and only
 * reads. These are audiences of our own tokens. `external` is a token of the operator's identity provider; it works
 * like an API token.
 */
export type TokenKind = 'api' | 'stream' | 'session' | 'external';

/** The identity in a verified token. */
export interface Identity {
  readonly kind: TokenKind;
  readonly tokenId: string;
  /** Of a stream or session token: the token it was minted from. Revoking that one revokes this one. */
  readonly parentTokenId: string | null;
  /** Null on a platform token, which then reaches no tenant's data unless a route says `AcrossTenants`. */
  readonly tenantId: TenantId | null;
  readonly scopes: ReadonlySet<Scope>;
  readonly expiresAt: Date;
  /** What a stream token was narrowed to; null: not narrowed. */
  readonly agents: readonly AgentName[] | null;
  readonly calls: readonly CallId[] | null;
  readonly types: readonly string[] | null;
  /** The token of the admin who looks at what the tenant sees (RFC 8693's `act`); null: the tenant's own. */
  readonly viewedBy: string | null;
  /** For a person signed in by a link: how long the tokens that they make may live. Null: as long as this one. */
  readonly mintsUntil: Date | null;
}

/** An {@link Identity} with what it may do now: without the scopes that were taken away since. */
export interface Principal extends Identity {
  /** Who signed in by a link that was made for them; null: nobody by name. */
  readonly person: { readonly id: string; readonly name: string } | null;
  readonly limits: Limits;
  /** When its rights were looked up, by `performance.now()`. After a later change they must be looked up again. */
  readonly checkedAt: number;
}

/** Claims of our tokens. A claim of the wrong type makes the token invalid. */
const claimsSchema = z.object({
  aud: z.enum(['api', 'stream', 'session']),
  exp: z.number().int(),
  jti: z.string().min(1),
  scope: z.string(),
  tenant: tenantIdSchema.optional(),
  parent: z.string().min(1).optional(),
  agents: z.array(agentNameSchema).min(1).optional(),
  calls: z.array(callIdSchema).min(1).optional(),
  types: z.array(z.string()).min(1).optional(),
  act: z.object({ sub: z.string().min(1) }).optional(),
  mints_until: z.number().int().optional(),
});

/** Reads verified claims. Throws `token-invalid`. */
export function identityOf(claims: unknown): Identity {
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success)
    throw new Problem('token-invalid', 'The token has claims that are missing or of the wrong type.');
  const { aud, exp, jti, scope, tenant, parent, agents, calls, types, act, mints_until: mintsUntil } = parsed.data;
  if ((aud === 'stream' && tenant === undefined) || (aud !== 'api' && parent === undefined)) {
    throw new Problem('token-invalid', 'A stream token names its tenant and its parent, a session its parent.');
  }
  return {
    kind: aud,
    tokenId: jti,
    parentTokenId: parent ?? null,
    tenantId: tenant ?? null,
    scopes: scopesIn(scope.split(' ')),
    expiresAt: new Date(exp * 1000),
    agents: agents ?? null,
    calls: calls ?? null,
    types: types ?? null,
    viewedBy: act?.sub ?? null,
    mintsUntil: mintsUntil === undefined ? null : new Date(mintsUntil * 1000),
  };
}

/** Those of these words that are scopes of ours. */
export function scopesIn(words: readonly string[]): ReadonlySet<Scope> {
  return new Set(SCOPES.filter((scope) => words.includes(scope)));
}

/** `admin` is a scope of the platform: on a tenant's token it means nothing. */
export function allows({ tenantId, scopes }: Pick<Identity, 'tenantId' | 'scopes'>, anyOf: readonly Scope[]): boolean {
  if (tenantId === null && scopes.has('admin')) return true;
  return anyOf.some((scope) => scope !== 'admin' && scopes.has(scope));
}
