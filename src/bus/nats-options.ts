import type { ConnectionOptions } from '@nats-io/transport-node';

/** How to reach the server of a `nats://` or `tls://` URL. Credentials leave the URL: what is in it shows up in errors. */
export function natsOptions(address: string): ConnectionOptions {
  const url = new URL(address);
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return {
    servers: `${url.hostname}:${url.port || '4222'}`,
    ...(user === '' ? {} : password === '' ? { token: user } : { user, pass: password }),
    ...(url.protocol === 'tls:' ? { tls: {} } : {}),
  };
}
