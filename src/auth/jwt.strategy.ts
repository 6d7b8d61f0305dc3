/** Verifies our own tokens through passport-jwt: algorithm, issuer and audience are ours to say, never the token's (rule 6). */
import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import jwt from 'jsonwebtoken';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { ENV, type Env } from '../config/env.js';
import { Principal, principalOf } from './principal.js';
import { ALGORITHM, SigningKeys } from './signing-keys.js';
import { TokensService } from './tokens.service.js';

@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(
    @Inject(ENV) env: Env,
    keys: SigningKeys,
    private readonly tokens: TokensService,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromExtractors([ExtractJwt.fromAuthHeaderAsBearerToken(), tokenInUrl]),
      secretOrKeyProvider: (
        _request: Request,
        token: string,
        done: (error: unknown, key?: string | Buffer) => void,
      ) => {
        const kid = jwt.decode(token, { complete: true })?.header.kid;
        if (kid === undefined) return done(new jwt.JsonWebTokenError('no kid'));
        keys
          .publicKey(kid)
          .then(
            (key) => (key ? done(null, key as unknown as Buffer) : done(new jwt.JsonWebTokenError('unknown kid'))),
            done,
          );
      },
      algorithms: [ALGORITHM],
      issuer: env.publicUrl,
      audience: ['api', 'stream'],
    });
  }

  async validate(claims: unknown): Promise<Principal> {
    const principal = principalOf(claims);
    await this.tokens.assertActive(principal);
    return principal;
  }
}

/** Only event streams take `?token=`: the guard has refused it everywhere else before this runs. */
export function tokenInUrl(request: Request): string | null {
  const { token } = request.query;
  return typeof token === 'string' ? token : null;
}
