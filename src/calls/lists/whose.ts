/** Which call an operator means: several tenants may have a call with the same id. Pure. */
import type { TenantId } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';

/** Null: the one that nobody owns. Undefined: the operator did not say. */
export type Whose = TenantId | null | undefined;

/**
 * The owner of the call that is meant, among those that have a call with its id. If the operator did not say, it is the
 * only tenant, or else nobody. Throws `call-not-found`, and `validation` when more than one tenant has such a call.
 */
export function ownerAmong(known: readonly (TenantId | null)[], whose: Whose): TenantId | null {
  if (whose !== undefined) {
    if (!known.includes(whose)) throw noSuchCall();
    return whose;
  }
  const tenants = known.filter((tenant) => tenant !== null);
  if (tenants.length > 1) {
    const message = `is needed: ${tenants.join(', ')} each have a call of that id`;
    throw new Problem('validation', 'Say whose call is meant.', { errors: [{ path: 'tenant', message }] });
  }
  if (known.length === 0) throw noSuchCall();
  return tenants[0] ?? null;
}

export function noSuchCall(): Problem {
  return new Problem('call-not-found', 'There is no call of that id.');
}
