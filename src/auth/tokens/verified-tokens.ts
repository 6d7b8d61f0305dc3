import { LRUCache } from 'lru-cache';
import { hasCome } from '../../common/moment.js';
import type { Identity } from '../principal.js';

/** A correct signature stays correct, but a key may be withdrawn meanwhile: that is noticed after this time. */
const KEPT_MS = 10_000;
const MAX_KEPT = 20_000;

interface Verified {
  readonly identity: Identity;
  readonly at: number;
}

/**
 * Tokens whose signature and claims were found correct a moment ago, by their text. Verifying is the most expensive
 * part of opening a stream. What a token may do *now* (revoked, suspended, expired) is not remembered here.
 */
export class VerifiedTokens {
  private readonly verified = new LRUCache<string, Verified>({ max: MAX_KEPT });

  /** Undefined: the token has to be verified. */
  recall(token: string, now = performance.now()): Identity | undefined {
    const known = this.verified.get(token);
    if (known === undefined || now - known.at >= KEPT_MS || hasCome(known.identity.expiresAt)) return undefined;
    return known.identity;
  }

  remember(token: string, identity: Identity, now = performance.now()): void {
    this.verified.set(token, { identity, at: now });
  }
}
