/** Where a server is, as text: the one place that makes an address of a host and a port. */

/** Of the socket, as a person reads it: an address of IPv6 stands in brackets. */
export function socketAddress(host: string, port: number | string): string {
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}

/**
 * Where a process that listens on `host` and `port` is reached from its own machine, without a trailing slash. Who listens on
 * all addresses (`::`, `0.0.0.0`) is at none of that name. Undefined: the host stands in no URL, as one with a zone (`fe80::1%eth0`).
 */
export function localUrl(host: string, port: number | string): string | undefined {
  const text = `http://${socketAddress(host, port)}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.hostname === '[::]') url.hostname = '[::1]';
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  return url.origin;
}

/** The file of the data folder in which a server that listens says where it is reached from its own machine. */
export const URL_FILE = 'url';
