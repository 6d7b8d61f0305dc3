import { serverNow } from '../../common/clock.js';
import { ownName } from '../../common/place.js';

/** Tokens of views that this tab has opened: read-only, an hour at most, in this tab only. */
const KEY = ownName('switchboard.view.');

export interface ViewToken {
  readonly token: string;
  readonly expiresAt: string;
}

export function viewTokenOf(tenant: string): ViewToken | null {
  const kept = sessionStorage.getItem(KEY + tenant);
  if (kept === null) return null;
  const view = JSON.parse(kept) as ViewToken;
  return Date.parse(view.expiresAt) > serverNow() ? view : null;
}

export function keepViewToken(tenant: string, view: ViewToken | null): void {
  if (view === null) sessionStorage.removeItem(KEY + tenant);
  else sessionStorage.setItem(KEY + tenant, JSON.stringify(view));
}
