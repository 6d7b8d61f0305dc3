/**
 * Where a recording may lie that the gateway does not send itself: an event may name any address, and a gateway may
 * redirect anywhere. Only what the operator has named in RECORDING_HOSTS is asked, and never with a key (security rule
 * 34). Pure.
 */
export interface Place {
  readonly url: URL;
  /** The operator named this very origin: it may be private, and without TLS. Otherwise the address must be public. */
  readonly isTrusted: boolean;
}

/** The place, or undefined if it may not be asked. `hosts`: names, `*.` and a name, or origins. */
export function allowedPlace(text: string, base: string | undefined, hosts: readonly string[]): Place | undefined {
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  if (url.username !== '' || url.password !== '' || !/^https?:$/.test(url.protocol)) return undefined;
  if (hosts.includes(url.origin)) return { url, isTrusted: true };
  if (url.protocol !== 'https:' || url.port !== '') return undefined;
  return hosts.some((host) => isNamed(url.hostname, host)) ? { url, isTrusted: false } : undefined;
}

function isNamed(hostname: string, host: string): boolean {
  return host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host;
}
