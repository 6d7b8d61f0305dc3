/** Verifies tokens of the operator's own identity provider: first issuer, keys and times, then the claims. */
import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import jwt from 'jsonwebtoken';
import { Strategy } from 'passport-jwt';
import { Problem } from '../common/problem.js';
import { ENV, type Env } from '../config/env.js';
import type { IdentityProvider } from '../config/identity-provider.js';
import { presentedIn } from './credential.js';
import { LEEWAY_SECONDS, externalIdentityOf } from './external-claims.js';
import { EXTERNAL_ALGORITHMS, IssuerKeys } from './keys/issuer-keys.js';
import type { Principal } from './principal.js';
import { CurrentRights } from './current-rights.js';
import { readToken } from './tokens/token-text.js';

type KeyCallback = (error: unknown, key?: string | Buffer) => void;

@Injectable()
export class IdpStrategy extends PassportStrategy(Strategy, 'idp') {
  private readonly provider: IdentityProvider | undefined;

  constructor(
    @Inject(ENV) { identityProvider }: Env,
    keys: IssuerKeys,
    private readonly rights: CurrentRights,
  ) {
    super({
      // External tokens come in a header only.
      jwtFromRequest: (request: Request) => {
        const credential = presentedIn(request);
        return credential?.by === 'header' ? credential.token : null;
      },
      secretOrKeyProvider: (_request: Request, token: string, done: KeyCallback) => {
        const read = readToken(token);
        // Keys are looked up by issuer and kid; a kid alone does not say whose key it is.
        if (identityProvider === undefined || read?.claims['iss'] !== identityProvider.issuer)
          return done(new jwt.JsonWebTokenError('another issuer'));
        keys.publicKey(read.kid, read.alg).then((key) => done(null, key as unknown as Buffer), done);
      },
      algorithms: [...EXTERNAL_ALGORITHMS],
      // Without a provider there is no issuer that a token could name.
      issuer: identityProvider?.issuer ?? '\0',
      jsonWebTokenOptions: { clockTolerance: LEEWAY_SECONDS },
      passReqToCallback: true,
    });
    this.provider = identityProvider;
  }

  async validate(request: Request, claims: unknown): Promise<Principal> {
    const token = presentedIn(request)?.token;
    if (this.provider === undefined || token === undefined)
      throw new Problem('token-invalid', 'The token was not issued here.');
    return this.rights.principal(externalIdentityOf(claims, token, this.provider));
  }
}
