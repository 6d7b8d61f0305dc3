import type { Request } from 'express';
import { isIP } from 'node:net';

/**
 * Where a client is: its connection's address or, where `TRUST_PROXY` names the proxies in front, what they say. What is no
 * address is not believed even from them: it would be a client's own text. Null: the connection is gone.
 */
export function clientAddress(request: Request): string | null {
  const { ip } = request;
  return ip !== undefined && isIP(ip) !== 0 ? ip : (request.socket.remoteAddress ?? null);
}
