/** Verifies tokens of the operator's own identity provider: its issuer, its audience, its keys, and claims as configured. */
import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import jwt from 'jsonwebtoken';
import { Strategy } from 'passport-jwt';
import { z } from 'zod';
import { lineSchema, tenantIdSchema } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { ENV, type Env, type IdentityProvider } from '../config/env.js';
import { presentedIn } from './credential.js';
import { EXTERNAL_ALGORITHMS, IssuerKeys } from './issuer-keys.js';
import { type Identity, type Principal, scopesIn } from './principal.js';
import { Standings } from './standings.js';
import { readToken } from './token-text.js';

type KeyCallback = (error: unknown, key?: string | Buffer) => void;

@Injectable()
export class IdpStrategy extends PassportStrategy(Strategy, 'idp') {
  private readonly provider: IdentityProvider | undefined;

  constructor(
    @Inject(ENV) { identityProvider }: Env,
    keys: IssuerKeys,
    private readonly standings: Standings,
  ) {
    super({
      // Only a header carries a token of somebody else's.
      jwtFromRequest: (request: Request) => {
        const credential = presentedIn(request);
        return credential?.by === 'header' ? credential.token : null;
      },
      secretOrKeyProvider: (_request: Request, token: string, done: KeyCallback) => {
        const read = readToken(token);
        // Keys are looked up by issuer and kid: a kid alone says nothing.
        if (identityProvider === undefined || read?.claims['iss'] !== identityProvider.issuer)
          return done(new jwt.JsonWebTokenError('another issuer'));
        keys.publicKey(read.kid, read.alg).then((key) => done(null, key as unknown as Buffer), done);
      },
      algorithms: [...EXTERNAL_ALGORITHMS],
      // Without a provider there is no issuer that a token could name.
      issuer: identityProvider?.issuer ?? '\0',
      audience: identityProvider?.audience ?? '\0',
    });
    this.provider = identityProvider;
  }

  async validate(claims: unknown): Promise<Principal> {
    if (this.provider === undefined) throw new Problem('token-invalid', 'The token was not issued here.');
    return this.standings.principal(externalIdentityOf(claims, this.provider));
  }
}

const claimsSchema = z.looseObject({
  iss: z.string(),
  exp: z.number().int(),
  // It names who did something, where PostgreSQL keeps it.
  jti: lineSchema(500),
});

/** Scopes as one string (RFC 8693, 4.2) or as a list; other words than ours mean nothing here. */
const scopeClaimSchema = z.union([z.string().transform((text) => text.split(' ')), z.array(z.string())]);

/** What the provider's claims say in our terms. Throws `token-invalid` for a claim of the wrong type. */
export function externalIdentityOf(claims: unknown, { tenantClaim, scopeClaim }: IdentityProvider): Identity {
  const parsed = claimsSchema.safeParse(claims);
  const tenant = tenantIdSchema.optional().safeParse(parsed.data?.[tenantClaim]);
  const scopes = scopeClaimSchema.safeParse(parsed.data?.[scopeClaim]);
  if (!parsed.success || !tenant.success || !scopes.success)
    throw new Problem('token-invalid', 'The token has claims that are missing or of the wrong type.');
  const { iss, exp, jti } = parsed.data;
  return {
    kind: 'external',
    tokenId: `${iss}#${jti}`,
    parentTokenId: null,
    tenantId: tenant.data ?? null,
    scopes: scopesIn(scopes.data),
    expiresAt: new Date(exp * 1000),
    agents: null,
    calls: null,
    types: null,
    viewedBy: null,
    mintsUntil: null,
  };
}
