/**
 * Translates the claims of the operator's identity provider into our terms. Pure. Providers agree on the signature and
 * on little else: docs/operations.md has a table of six.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { lineSchema, tenantIdSchema } from '../common/ids.js';
import { moment } from '../common/moment.js';
import { Problem } from '../common/problem.js';
import type { IdentityProvider } from '../config/identity-provider.js';
import { type Identity, scopesIn } from './principal.js';
import { isObject } from '../common/exact-number.js';

/** How far a provider's clock may be from ours, either way (security rule 6: 30 s at most). */
export const LEEWAY_SECONDS = 30;

/** This id names who did something, and PostgreSQL stores it. */
const tokenIdSchema = lineSchema(500).optional();
const claimsSchema = z.looseObject({
  iss: z.string(),
  exp: z.number().int(),
  iat: z.number().optional(),
  jti: tokenIdSchema,
  // Entra's claim; its tokens have no `jti`.
  uti: tokenIdSchema,
});
type Claims = z.infer<typeof claimsSchema>;

const audienceSchema = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
/** A tenant, or a list with exactly one. A token with several tenants belongs to none. */
const tenantSchema = z.union([tenantIdSchema, z.tuple([tenantIdSchema]).transform(([one]) => one)]).optional();
/** Scopes as one string (RFC 8693, 4.2) or as a list. Words that are not our scopes are ignored. */
const scopesSchema = z.union([z.string().transform((text) => text.split(/[\s,]+/)), z.array(z.string())]);
/**
 * Where a token has no `aud`: the client that it was made for. Cognito and RFC 8693 have one name for it, OpenID
 * Connect another.
 */
const CLIENT_CLAIMS = ['client_id', 'azp'];

/** The identity of verified claims; `token` is the text that they stood in. Throws {@link Problem} `token-invalid`. */
export function externalIdentityOf(claims: unknown, token: string, provider: IdentityProvider): Identity {
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success) throw wrongClaim(parsed.error.issues.map(({ path }) => path.join('.')));
  const { iss, exp, iat, jti, uti } = parsed.data;
  if (iat !== undefined && iat > moment().getTime() / 1000 + LEEWAY_SECONDS)
    throw new Problem('token-invalid', 'The token was issued at a time that is to come.');
  assertForUs(parsed.data, provider);
  const tenant = tenantSchema.safeParse(claimAt(parsed.data, provider.tenantClaim));
  if (!tenant.success) throw wrongClaim([provider.tenantClaim]);
  return {
    kind: 'external',
    tokenId: `${iss}#${jti ?? uti ?? digestOf(token)}`,
    parentTokenId: null,
    tenantId: tenant.data ?? null,
    scopes: scopesIn(wordsIn(parsed.data, provider)),
    expiresAt: new Date(exp * 1000),
    agents: null,
    calls: null,
    types: null,
    viewedBy: null,
    mintsUntil: null,
  };
}

/** True for an id that names a token of this issuer in lists, audits and revocations. */
export function isExternalId(id: string, provider: IdentityProvider | undefined): boolean {
  return provider !== undefined && id.startsWith(`${provider.issuer}#`);
}

/** Looks a claim up by its name, which may contain dots, and then by that name as a path: `app_metadata.tenant`. */
function claimAt(claims: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const outer = Object.hasOwn(claims, path.slice(0, dot)) ? claims[path.slice(0, dot)] : undefined;
    const inner = isObject(outer) ? claimAt(outer, path.slice(dot + 1)) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function assertForUs(claims: Claims, { audiences, audienceClaims }: IdentityProvider): void {
  const names = audienceClaims ?? (claims['aud'] === undefined ? CLIENT_CLAIMS : ['aud']);
  const named = names.flatMap((name) => audienceSchema.safeParse(claimAt(claims, name)).data ?? []);
  if (!named.some((one) => audiences.includes(one))) throw new Problem('token-invalid', 'The token is not for us.');
}

/** The words of all scope claims that are present, without the configured prefix. */
function wordsIn(claims: Claims, { scopeClaims, scopePrefixes, audiences }: IdentityProvider): string[] {
  const values = scopeClaims.map((name) => claimAt(claims, name)).filter((value) => value !== undefined);
  const parsed = z.array(scopesSchema).min(1).safeParse(values);
  if (!parsed.success) throw wrongClaim(scopeClaims);
  const before = [...scopePrefixes, ...audiences, ...audiences.map((audience) => `api://${audience}`)];
  const prefixes = before.map((prefix) => (/[a-z0-9]$/i.test(prefix) ? `${prefix}/` : prefix));
  return parsed.data.flat().map((word) => {
    const prefix = prefixes.find((one) => word.startsWith(one)) ?? '';
    return word.slice(prefix.length);
  });
}

/** Hashes the part that was signed, because one signature can be written in several ways. */
function digestOf(token: string): string {
  return `sha256:${createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('base64url')}`;
}

/** The operator who sets up a provider has to know which claim is wrong. */
function wrongClaim(names: readonly string[]): Problem {
  return new Problem('token-invalid', `The token lacks the claim ${names.join(' or ')}, or it is of the wrong type.`);
}
