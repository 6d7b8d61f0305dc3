/**
 * The requests of one connection, one after another. HTTP/1.1 lets a client send the next one before it has its answer,
 * and Node hands all of them over at once: the responses that wait have no socket yet, never say `close` when it goes,
 * and keep what is written to them. So a request is served when its response has the socket. Those that wait are few.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { connectionsCut } from '../common/metrics.js';

/** Requests of one connection that may wait for the one before: each is its headers, 16 KiB at most. */
export const MAX_WAITING = 8;

const serving = new WeakMap<ServerResponse, () => void>();

/** `serve`, called for each request when it is its turn. A connection whose client goes on without waiting is cut. */
export function inTurn(serve: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  return (request: IncomingMessage, response: ServerResponse) => {
    if (response.socket !== null) return serve(request, response);
    const { socket } = request;
    const before = waiting.get(socket) ?? 0;
    if (socket.destroyed) return;
    if (before >= MAX_WAITING) {
      connectionsCut.inc({ reason: 'pipelined' });
      socket.destroy();
      return;
    }
    waiting.set(socket, before + 1);
    serving.set(response, () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      if (!socket.destroyed) serve(request, response);
    });
  };
}

/** To be called when the response has its socket. Its turn begins once Node is done with the one before. */
export function takesTurn(response: ServerResponse): void {
  const serve = serving.get(response);
  if (serve === undefined) return;
  serving.delete(response);
  process.nextTick(serve);
}
