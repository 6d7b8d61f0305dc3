/** What every address begins with that we hand out: the value of `PUBLIC_URL`, and the one place that makes URLs of it. */

/** First segments of the paths that are our own. Below a path that begins so, nobody could tell them from the prefix. */
const OWN_SEGMENTS = [
  ...['.well-known', 'assets', 'docs', 'events', 'favicon.svg', 'healthz', 'metrics', 'openapi.json', 'problems'],
  ...['readyz', 'v1', 'admin', 'calls', 'live', 'overview', 'tokens'],
];
const BASE_PATH = /^(?:\/[\w.~-]+)*$/;

/** Not an address that pages and links can have; its message says what would be one. */
export class NoPublicUrl extends Error {}

export class PublicUrl {
  private constructor(
    /** Without a trailing slash. */
    readonly text: string,
    /** What stands before our own paths, where a proxy serves us below a path: `/switchboard`, else empty. */
    readonly basePath: string,
    /** Pages come by https. */
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

  /** An address of ours, by its path from our own root (`/v1/events?token=…`). */
  at(path: `/${string}`): string {
    return new URL(this.text + path).href;
  }

  /** A request's target by our own paths, whether the proxy in front has taken the prefix away or not. */
  ownTarget(target: string): string {
    const { basePath } = this;
    if (basePath === '' || !target.startsWith(basePath)) return target;
    const rest = target.slice(basePath.length);
    if (rest.startsWith('/')) return rest;
    return rest === '' || rest.startsWith('?') ? `/${rest}` : target;
  }
}
