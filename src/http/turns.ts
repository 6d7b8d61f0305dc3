/**
 * Serves the requests of one connection one after another. HTTP/1.1 lets a client send the next request before it has
 * its answer, and Node hands all of them over at once. A response that waits has no socket yet: it never emits `close`
 * when the connection goes, and keeps what is written to it. So a request is served only when its response has the
 * socket, and few may wait.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { connectionsCut } from '../common/metrics.js';

/** Requests of one connection that may wait for the one before. Each is its headers, 16 KiB at most. */
export const MAX_WAITING = 8;

const serving = new WeakMap<ServerResponse, () => void>();

/** `serve` is called for each request when its turn comes. A connection whose client sends too many is cut. */
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

/** Call this when the response has its socket. Its turn begins once Node has finished the one before. */
export function takesTurn(response: ServerResponse): void {
  const serve = serving.get(response);
  if (serve === undefined) return;
  serving.delete(response);
  process.nextTick(serve);
}
