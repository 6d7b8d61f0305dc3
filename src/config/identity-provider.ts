import { z } from 'zod';
import { InvalidEnv, httpUrl, list } from './variables.js';

/**
 * The operator's own identity provider: tokens of `issuer`, signed by a key of the set at `jwksUrl`. A claim is given
 * by its name or by the path to it (auth/external-claims.ts).
 */
export interface IdentityProvider {
  readonly jwksUrl: string;
  readonly issuer: string;
  /** The audiences of its tokens; one of these is enough. */
  readonly audiences: readonly string[];
  /** The claims that hold the audience; undefined: `aud` or, without one, the client that the token was made for. */
  readonly audienceClaims: readonly string[] | undefined;
  readonly tenantClaim: string;
  /** A token's scopes are those of all these claims together. */
  readonly scopeClaims: readonly string[];
  /** What may stand before our scopes, besides the audience. */
  readonly scopePrefixes: readonly string[];
}

export const identityProviderVariables = {
  AUTH_JWKS_URL: httpUrl.optional(),
  AUTH_ISSUER: z.string().min(1).optional(),
  AUTH_AUDIENCE: list.optional(),
  AUTH_AUDIENCE_CLAIM: list.optional(),
  AUTH_TENANT_CLAIM: z.string().trim().min(1).default('tenant'),
  AUTH_SCOPE_CLAIM: list.default(['scope', 'scp']),
  AUTH_SCOPE_PREFIX: list.default([]),
};

type Variables = z.infer<z.ZodObject<typeof identityProviderVariables>>;

/** All of its three or none: half of it would let in fewer, or more, than the operator believes. */
export function identityProviderOf(env: Variables): IdentityProvider | undefined {
  const { AUTH_JWKS_URL: jwksUrl, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audiences } = env;
  if (jwksUrl === undefined && issuer === undefined && audiences === undefined) return undefined;
  if (jwksUrl === undefined || issuer === undefined || audiences === undefined) {
    throw new InvalidEnv('AUTH_JWKS_URL, AUTH_ISSUER and AUTH_AUDIENCE: set all three, or none');
  }
  return {
    jwksUrl,
    issuer,
    audiences,
    audienceClaims: env.AUTH_AUDIENCE_CLAIM,
    tenantClaim: env.AUTH_TENANT_CLAIM,
    scopeClaims: env.AUTH_SCOPE_CLAIM,
    scopePrefixes: env.AUTH_SCOPE_PREFIX,
  };
}
