/** How a token travels with a request, and which kind may travel so (docs/protocol.md, section 2.1). */
import type { Request } from 'express';
import { Problem } from '../common/problem.js';
import type { TokenKind } from './principal.js';
import { sessionIn } from './sign-in/session-cookie.js';
import { readToken } from './tokens/token-text.js';

export interface Credential {
  readonly token: string;
  readonly by: 'header' | 'url' | 'cookie';
}

const MAY_TRAVEL: Record<Credential['by'], readonly TokenKind[]> = {
  header: ['api', 'stream', 'external'],
  url: ['stream'],
  cookie: ['session'],
};

const presented = new WeakMap<Request, Credential>();

/** The credential that the guard found. */
export function presentedIn(request: Request): Credential | null {
  return presented.get(request) ?? null;
}

/** The header wins over the URL, and both over the cookie. */
export function findCredential(request: Request, cookieName: string): Credential | null {
  const found = credentialIn(request, cookieName);
  if (found !== null) presented.set(request, found);
  return found;
}

function credentialIn(request: Request, cookieName: string): Credential | null {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return { token: bearer, by: 'header' };
  const { token } = request.query;
  if (typeof token === 'string') return { token, by: 'url' };
  const cookie = sessionIn(request, cookieName);
  return cookie === null ? null : { token: cookie, by: 'cookie' };
}

export function mayTravel(kind: TokenKind, by: Credential['by']): boolean {
  return MAY_TRAVEL[by].includes(kind);
}

/**
 * A token in a URL ends up in logs and histories. So only a stream token may come there; any other is refused, whatever
 * else the request carries.
 */
export function assertNoTokenInUrl(request: Request, isStream: boolean): void {
  const { token } = request.query;
  if (token === undefined) return;
  const refusal =
    'Only a stream token may travel in a URL, and only to an event stream; send others as "Authorization: Bearer …".';
  if (!isStream || typeof token !== 'string') throw new Problem('token-in-url', refusal);
  const read = readToken(token);
  if (read !== undefined && read.claims['aud'] !== 'stream') throw new Problem('token-in-url', refusal);
}
