/** Verifies tokens of ours outside the guard by the same rules: algorithm, issuer, audience, current rights. */
import { Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { blameOf } from '../../database/database-errors.js';
import { Issuer } from '../keys/issuer.js';
import { type Principal, type TokenKind, identityOf } from '../principal.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { CurrentRights } from '../current-rights.js';
import { readToken } from './token-text.js';

@Injectable()
export class TokenVerifier {
  constructor(
    private readonly keys: SigningKeys,
    private readonly rights: CurrentRights,
    private readonly issuer: Issuer,
  ) {}

  /**
   * Undefined if the token does not work: expired, revoked, changed, or for another issuer or use. Rejects if that
   * cannot be found out.
   */
  async verify(token: string, kind: Exclude<TokenKind, 'external'>): Promise<Principal | undefined> {
    const key = await this.keys.publicKey(readToken(token)?.kid ?? '');
    if (key === undefined) return undefined;
    try {
      const claims = jwt.verify(token, key, { ...this.issuer.verification, audience: kind });
      return await this.rights.principal(identityOf(claims));
    } catch (error) {
      if (blameOf(error) === 'database') throw error;
      return undefined; // Whatever is wrong with it, it grants nothing.
    }
  }
}
