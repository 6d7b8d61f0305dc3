import type { Redis } from 'ioredis';

/**
 * Ends a client in whatever state it is, also if the server is silent: ioredis would wait for its goodbye. ioredis
 * listens for one error of a connection. A TLS connection that is ended within its handshake may emit a second one, and
 * an error without a listener ends the process.
 */
export function endRedis(client: Redis): void {
  // Undefined before the first connection, whatever its type says.
  const stream = client.stream as Redis['stream'] | undefined;
  stream?.on('error', () => undefined);
  client.disconnect();
  stream?.destroy();
}
