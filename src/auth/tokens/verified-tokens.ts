import { LRUCache } from 'lru-cache';
import { hasCome } from '../../common/moment.js';
import type { Identity } from '../principal.js';

/** A signature that was right stays right; a key that was withdrawn meanwhile is noticed after this. */
const KEPT_MS = 10_000;
const MAX_KEPT = 20_000;

interface Verified {
  readonly identity: Identity;
  readonly at: number;
}

/**
 * Tokens whose signature and claims were found right a moment ago, by their text: verifying costs more than anything else that
 * a stream needs to open. What a token may do *now* (revoked, suspended, expired) is not remembered here.
 */
export class VerifiedTokens {
  private readonly verified = new LRUCache<string, Verified>({ max: MAX_KEPT });

  /** Undefined: it has to be verified. */
  recall(token: string, now = performance.now()): Identity | undefined {
    const known = this.verified.get(token);
    if (known === undefined || now - known.at >= KEPT_MS || hasCome(known.identity.expiresAt)) return undefined;
    return known.identity;
  }

  remember(token: string, identity: Identity, now = performance.now()): void {
    this.verified.set(token, { identity, at: now });
  }
}
