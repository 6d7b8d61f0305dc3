import type { IncomingMessage } from 'node:http';
import { Problem } from '../../common/problem.js';
import type { PublicUrl } from '../../config/public-url.js';

/**
 * With https only this exact origin can set the cookie: a browser accepts a `__Host-` cookie from no other subdomain
 * and over no plain connection (RFC 6265bis, 4.1.3.2). So the name without the prefix is not read there. Such a cookie
 * must have the path `/`, even if we run below another path. The name therefore distinguishes several installations on
 * one origin.
 */
export function sessionCookieName({ isSecure, basePath }: PublicUrl): string {
  const whose = basePath === '' ? '' : `${basePath.slice(1).replaceAll('/', '.')}.`;
  return `${isSecure ? '__Host-' : ''}${whose}switchboard_session`;
}

/**
 * The session's token, if the request carries one. If two cookies have that name, another party set one of them, so
 * neither counts.
 */
export function sessionIn({ headers }: Pick<IncomingMessage, 'headers'>, name: string): string | null {
  const cookies = (headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
  const [token = '', ...others] = cookies.filter((cookie) => cookie.startsWith(`${name}=`));
  return others.length === 0 ? (/=([\w.-]+)$/.exec(token)?.[1] ?? null) : null;
}

/**
 * Before a cookie has an effect, such as an answer with a token that writes, the request must show that a page of this
 * origin sent it. A form or a link elsewhere cannot. Browsers say where a POST comes from (Fetch, 3.2), also those
 * without `Sec-Fetch-Site`, which plain http never has.
 */
export function assertFromOwnPage({ headers }: Pick<IncomingMessage, 'headers'>, { text }: PublicUrl): void {
  assertOwnPage({ headers });
  const { origin } = headers;
  const own = [new URL(text).host, headers.host];
  const isOwn = origin !== undefined && URL.canParse(origin) && own.includes(new URL(origin).host);
  if (!isOwn && headers['sec-fetch-site'] !== 'same-origin')
    throw new Problem('insufficient-scope', 'Only a page of this origin may ask for it.');
}

/** Sessions are for pages of this origin: a request that another site caused is refused. */
export function assertOwnPage({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new Problem('insufficient-scope', 'A session is for pages of this origin.');
}
