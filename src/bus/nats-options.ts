import type { ConnectionOptions, TlsOptions } from '@nats-io/transport-node';
import { isIP } from 'node:net';

/**
 * How to reach the server of a `nats://` or `tls://` URL. Credentials are taken out of the URL, because it appears in
 * errors.
 */
export function natsOptions(address: string): ConnectionOptions {
  const url = new URL(address);
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return {
    servers: `${url.hostname}:${url.port || '4222'}`,
    ...(user === '' ? {} : password === '' ? { token: user } : { user, pass: password }),
    ...(url.protocol === 'tls:' ? { tls: tlsOf(url) } : {}),
  };
}

/**
 * The client checks a name by itself; of an address it checks "localhost", unless Node's own option says whom it
 * connects to.
 */
function tlsOf({ hostname }: URL): TlsOptions {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? {} : ({ host } as TlsOptions);
}
