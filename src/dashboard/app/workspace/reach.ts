/** How far a page reaches: over one customer's calls, or over the platform's. Its pages are the same for both. */
import type { Client } from '../api/client.js';
import type { Me } from '../session/session.js';

export interface Reach {
  readonly client: Client;
  /** Below it lie the calls and their stream. */
  readonly api: '/v1' | '/v1/admin';
  /** Calls of several customers stand beside each other: each says whose it is, and its key names the customer. */
  readonly showsTenant: boolean;
}

export function reachOf(client: Client, { tenant }: Pick<Me, 'tenant'>): Reach {
  const isPlatform = tenant === null;
  return { client, api: isPlatform ? '/v1/admin' : '/v1', showsTenant: isPlatform };
}

/** A call as a summary or an event names it; `tenant` null: nobody's, or the reader's own. */
export interface CallNaming {
  readonly callId: string;
  readonly tenant?: string | null;
}

/** What tells calls apart. Two customers may use the same id of a call; a customer's id has no "~" in it. */
export function keyOf({ showsTenant }: Pick<Reach, 'showsTenant'>, { tenant, callId }: CallNaming): string {
  return showsTenant ? `${tenant ?? ''}~${callId}` : callId;
}

/** The call that a key names. `tenant` undefined: it does not say whose; null: nobody's. */
export function namingIn({ showsTenant }: Pick<Reach, 'showsTenant'>, key: string): CallNaming {
  const end = showsTenant ? key.indexOf('~') : -1;
  return end < 0 ? { callId: key } : { tenant: key.slice(0, end) || null, callId: key.slice(end + 1) };
}
