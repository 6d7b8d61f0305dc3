import type { IncomingMessage } from 'node:http';
import { Problem } from '../common/problem.js';

export const SESSION_COOKIE = 'switchboard_session';

/** The session's token, when the request carries one. */
export function sessionIn({ headers }: Pick<IncomingMessage, 'headers'>): string | null {
  return /(?:^|;\s*)switchboard_session=([\w.-]+)/.exec(headers.cookie ?? '')?.[1] ?? null;
}

/** Sessions are for pages of this origin: what a browser asks for in the name of another site is refused. */
export function assertOwnPage({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new Problem('insufficient-scope', 'A session is for pages of this origin.');
}
