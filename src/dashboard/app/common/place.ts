/** Where the page lives: at the root of its origin, or below a path of it, which the server writes into the document. */
const written = document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? '';
const given = new URL(written, location.origin).pathname.replace(/\/$/, '');

/** Empty at the root, where the page also is for who asks the server itself, past the proxy that serves it below a path. */
export const basePath = location.pathname === given || location.pathname.startsWith(`${given}/`) ? given : '';

/** What the page's own paths and the API's stand under, for code to paste. */
export const baseUrl = `${location.origin}${basePath}`;

/** A name that pages of other installations on this origin don't have: of a channel, a lock, a thing that is kept. */
export function ownName(name: string): string {
  return basePath === '' ? name : `${name}@${basePath}`;
}
