import type { IncomingMessage } from 'node:http';

export const SESSION_COOKIE = 'switchboard_session';

/** The session's token, when the request carries one. */
export function sessionIn({ headers }: Pick<IncomingMessage, 'headers'>): string | null {
  return /(?:^|;\s*)switchboard_session=([\w.-]+)/.exec(headers.cookie ?? '')?.[1] ?? null;
}
