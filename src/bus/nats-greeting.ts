import { connect } from 'node:net';

/**
 * Resolves when something greets us at the address of a NATS URL, as NATS does before it asks for TLS or a password. Rejects when
 * nothing does within `ms`, with `timeout`, or with what befell the connection. Asked before the client connects: that one never
 * lets go of the socket of a peer that takes the connection and says nothing.
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
