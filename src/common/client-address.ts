import type { Request } from 'express';
import { isIP } from 'node:net';

/**
 * Where a client is: the address of its connection or, if `TRUST_PROXY` names the proxies in front, what they report.
 * Text that is not an address is not believed even from them: it would come from the client. Null: the connection is
 * gone.
 */
export function clientAddress(request: Request): string | null {
  const { ip } = request;
  return ip !== undefined && isIP(ip) !== 0 ? ip : (request.socket.remoteAddress ?? null);
}
