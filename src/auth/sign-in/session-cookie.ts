import type { IncomingMessage } from 'node:http';
import { Problem } from '../../common/problem.js';
import type { PublicUrl } from '../../config/public-url.js';

/**
 * With https nobody but this very origin can set it: a browser takes a `__Host-` cookie from no other subdomain and by no plain
 * connection (RFC 6265bis, 4.1.3.2). So its name without the prefix is not read there. Such a cookie has the path `/`, below
 * whatever path we are: the name tells several installations of one origin apart.
 */
export function sessionCookieName({ isSecure, basePath }: PublicUrl): string {
  const whose = basePath === '' ? '' : `${basePath.slice(1).replaceAll('/', '.')}.`;
  return `${isSecure ? '__Host-' : ''}${whose}switchboard_session`;
}

/** The session's token, when the request carries one. Of two cookies of that name somebody else set one: neither counts. */
export function sessionIn({ headers }: Pick<IncomingMessage, 'headers'>, name: string): string | null {
  const cookies = (headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
  const [token = '', ...others] = cookies.filter((cookie) => cookie.startsWith(`${name}=`));
  return others.length === 0 ? (/=([\w.-]+)$/.exec(token)?.[1] ?? null) : null;
}

/** Sessions are for pages of this origin: what a browser asks for in the name of another site is refused. */
export function assertOwnPage({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new Problem('insufficient-scope', 'A session is for pages of this origin.');
}
