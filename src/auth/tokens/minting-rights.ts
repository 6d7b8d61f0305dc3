/** What the holder of a token may put into a token that it makes (security rule 9): never more than it has itself. */
import { moment } from '../../common/moment.js';
import { Problem } from '../../common/problem.js';
import type { Principal, Scope } from '../principal.js';

/** Throws `insufficient-scope`. */
export function assertNotWider(principal: Principal, scopes: readonly Scope[]): void {
  const wider = scopes.filter((scope) => !principal.scopes.has(scope));
  if (wider.length > 0) throw new Problem('insufficient-scope', `Your token lacks ${wider.join(', ')} itself.`);
}

/**
 * As many of these seconds as a token that it makes may live. A person signed in by a link may make tokens that live as
 * long as the token that vouched.
 */
export function lifeWithin({ mintsUntil, expiresAt }: Principal, ttlSeconds: number): number {
  const longest = Math.floor(((mintsUntil ?? expiresAt).getTime() - moment().getTime()) / 1000);
  return Math.max(1, Math.min(ttlSeconds, longest));
}
