/** The start of every address that we hand out: the value of `PUBLIC_URL`. Only this file makes URLs from it. */

/** First segments of our own paths. A prefix that begins with one of them could not be told from those paths. */
const OWN_SEGMENTS = [
  '.well-known',
  'assets',
  'docs',
  'events',
  'favicon.svg',
  'healthz',
  'metrics',
  'openapi.json',
  'problems',
  'readyz',
  'v1',
  'admin',
  'calls',
  'live',
  'overview',
  'tokens',
];
const BASE_PATH = /^(?:\/[\w.~-]+)*$/;

/** Not an address that pages and links can have; the message says what is. */
export class NoPublicUrl extends Error {}

export class PublicUrl {
  private constructor(
    /** Without a trailing slash. */
    readonly text: string,
    /** The path in front of our own if a proxy serves us below one: `/switchboard`, otherwise empty. */
    readonly basePath: string,
    /** True if pages are served over https. */
    readonly isSecure: boolean,
  ) {}

  /** Throws {@link NoPublicUrl}. */
  static parse(text: string): PublicUrl {
    if (!URL.canParse(text) || !/^https?:/i.test(text))
      throw new NoPublicUrl('must be an http or https address, like https://calls.example.com');
    const url = new URL(text);
    if (url.username !== '' || url.search !== '' || url.hash !== '')
      throw new NoPublicUrl('must be an address without a user, "?" or "#"');
    const basePath = url.pathname.replace(/\/+$/, '');
    if (!BASE_PATH.test(basePath))
      throw new NoPublicUrl('may have a path of letters, digits and -._~, like https://example.com/switchboard');
    const [, first = ''] = basePath.split('/');
    if (OWN_SEGMENTS.includes(first))
      throw new NoPublicUrl(`cannot have a path that begins with /${first}: that is one of Switchboard's own`);
    return new PublicUrl(url.origin + basePath, basePath, url.protocol === 'https:');
  }

  /** An address of ours, made from its path (`/v1/events?token=…`). */
  at(path: `/${string}`): string {
    return new URL(this.text + path).href;
  }

  /** A request's target as one of our own paths, whether or not the proxy in front has removed the prefix. */
  ownTarget(target: string): string {
    const { basePath } = this;
    if (basePath === '' || !target.startsWith(basePath)) return target;
    const rest = target.slice(basePath.length);
    if (rest.startsWith('/')) return rest;
    return rest === '' || rest.startsWith('?') ? `/${rest}` : target;
  }
}
