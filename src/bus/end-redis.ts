import type { Redis } from 'ioredis';

/**
 * Ends a client in whatever state it is, also when the server says nothing any more, for whose goodbye ioredis would wait. It hears
 * one error of a connection; one over TLS that is ended within its handshake may have a second, and an error that nobody hears
 * ends the process.
 */
export function endRedis(client: Redis): void {
  // Undefined before the first connection, whatever its type says.
  const stream = client.stream as Redis['stream'] | undefined;
  stream?.on('error', () => undefined);
  client.disconnect();
  stream?.destroy();
}
