/** Who a request is, as its token says. Scope comes from here and from nowhere else (security rule 1). */
import { z } from 'zod';
import { AgentName, CallId, TenantId, agentNameSchema, callIdSchema, tenantIdSchema } from '../common/ids.js';
import { Problem } from '../common/problem.js';

export const SCOPES = ['events:read', 'agents:read', 'tokens:write', 'events:write', 'admin'] as const;
export const scopeSchema = z.enum(SCOPES);
export type Scope = z.infer<typeof scopeSchema>;

/** Audiences: an API token works wherever its scopes allow, a stream token opens event streams only. */
export type TokenKind = 'api' | 'stream';

export interface Principal {
  readonly kind: TokenKind;
  readonly tokenId: string;
  /** Of a stream token: the API token it was minted from. Revoking that revokes this. */
  readonly parentTokenId: string | null;
  /** Null on a platform token: then no tenant's data, unless a route says `AcrossTenants`. */
  readonly tenantId: TenantId | null;
  readonly scopes: ReadonlySet<Scope>;
  readonly expiresAt: Date;
  /** What a stream token was narrowed to; null: not narrowed. */
  readonly agents: readonly AgentName[] | null;
  readonly calls: readonly CallId[] | null;
  readonly types: readonly string[] | null;
}

/** Claims of our tokens. A claim of the wrong type makes the token invalid. */
const claimsSchema = z.object({
  aud: z.enum(['api', 'stream']),
  exp: z.number().int(),
  jti: z.string().min(1),
  scope: z.string(),
  tenant: tenantIdSchema.optional(),
  parent: z.string().min(1).optional(),
  agents: z.array(agentNameSchema).min(1).optional(),
  calls: z.array(callIdSchema).min(1).optional(),
  types: z.array(z.string()).min(1).optional(),
});

/** Reads verified claims. Throws `token-invalid`. */
export function principalOf(claims: unknown): Principal {
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success)
    throw new Problem('token-invalid', 'The token has claims that are missing or of the wrong type.');
  const { aud, exp, jti, scope, tenant, parent, agents, calls, types } = parsed.data;
  if (aud === 'stream' && (tenant === undefined || parent === undefined)) {
    throw new Problem('token-invalid', 'A stream token names its tenant and its parent.');
  }
  const scopes = scope.split(' ').filter((word): word is Scope => (SCOPES as readonly string[]).includes(word));
  return {
    kind: aud,
    tokenId: jti,
    parentTokenId: parent ?? null,
    tenantId: tenant ?? null,
    scopes: new Set(scopes),
    expiresAt: new Date(exp * 1000),
    agents: agents ?? null,
    calls: calls ?? null,
    types: types ?? null,
  };
}

/** `admin` is a platform's scope: on a tenant's token it means nothing. */
export function allows(principal: Principal, anyOf: readonly Scope[]): boolean {
  if (principal.tenantId === null && principal.scopes.has('admin')) return true;
  return anyOf.some((scope) => scope !== 'admin' && principal.scopes.has(scope));
}
