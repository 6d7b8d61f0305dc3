import { connect } from 'node:net';

/**
 * Resolves when the server at a NATS URL sends its greeting, as NATS does before it asks for TLS or a password. Rejects
 * with `timeout` if none comes within `ms`, or with the error of the connection. We check this before the client
 * connects, because the client never releases the socket of a peer that accepts the connection and says nothing.
 */
export async function natsGreeting(url: string, ms: number, signal: AbortSignal): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 4222), timeout: ms, signal });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('data', () => resolve());
      socket.once('timeout', () => reject(new Error('timeout')));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('that server closed the connection before it said anything')));
    });
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}
