/** Where a server is, as text. Only this file makes an address from a host and a port. */

/** The address of a socket, as a person reads it: IPv6 stands in brackets. */
export function socketAddress(host: string, port: number | string): string {
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}

/**
 * Where a process that listens on `host` and `port` is reached from its own machine, without a trailing slash. A
 * process that listens on all addresses (`::`, `0.0.0.0`) is reached at loopback. Undefined: the host cannot stand in a
 * URL, such as one with a zone (`fe80::1%eth0`).
 */
export function localUrl(host: string, port: number | string): string | undefined {
  const text = `http://${socketAddress(host, port)}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.hostname === '[::]') url.hostname = '[::1]';
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  return url.origin;
}

/** The file in the data folder in which a listening server writes where it is reached from its own machine. */
export const URL_FILE = 'url';
