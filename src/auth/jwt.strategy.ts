/**
 * Verifies our own tokens through passport-jwt. We set algorithm, issuer and audience; the token never does (rule 6).
 */
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import jwt from 'jsonwebtoken';
import { Strategy } from 'passport-jwt';
import { presentedIn } from './credential.js';
import { Issuer } from './keys/issuer.js';
import { type Principal, identityOf } from './principal.js';
import { SigningKeys } from './keys/signing-keys.js';
import { CurrentRights } from './current-rights.js';
import { readToken } from './tokens/token-text.js';

/**
 * The callback of passport-jwt that receives the key. A {@link jwt.JsonWebTokenError} is the token's fault; any other
 * error is ours.
 */
type KeyCallback = (error: unknown, key?: string | Buffer) => void;

@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(
    issuer: Issuer,
    keys: SigningKeys,
    private readonly rights: CurrentRights,
  ) {
    super({
      jwtFromRequest: (request: Request) => presentedIn(request)?.token ?? null,
      secretOrKeyProvider: (_request: Request, token: string, done: KeyCallback) => {
        const kid = readToken(token)?.kid;
        if (kid === undefined) return done(new jwt.JsonWebTokenError('no kid'));
        keys
          .publicKey(kid)
          .then(
            (key) => (key ? done(null, key as unknown as Buffer) : done(new jwt.JsonWebTokenError('unknown kid'))),
            done,
          );
      },
      ...issuer.verification,
      audience: ['api', 'stream', 'session'],
    });
  }

  validate(claims: unknown): Promise<Principal> {
    // Async, so that a claim of the wrong type is a rejection like any other.
    return Promise.resolve().then(() => this.rights.principal(identityOf(claims)));
  }
}
