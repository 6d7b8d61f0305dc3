/** Where the page is served: at the root of its origin, or below a path, which the server writes into the document. */
const written = document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? '';
const given = new URL(written, location.origin).pathname.replace(/\/$/, '');

/**
 * Empty at the root. The page is also at the root if the server is reached directly, past the proxy that serves it
 * below a path.
 */
export const basePath = location.pathname === given || location.pathname.startsWith(`${given}/`) ? given : '';

/** What the page's own paths and the API's stand under, for code to paste. */
export const baseUrl = `${location.origin}${basePath}`;

/** A name that pages of other installations on this origin do not have, for a channel, a lock or a stored value. */
export function ownName(name: string): string {
  return basePath === '' ? name : `${name}@${basePath}`;
}
