import type { Request } from 'express';
import { clientAddress } from '../../common/client-address.js';

/** Where the client is, as far as the connection tells. */
export interface StreamClient {
  readonly remoteAddress: string | null;
  /** The whole X-Forwarded-For header. A client may have written any part of it. */
  readonly forwardedFor: string | null;
  readonly userAgent: string | null;
}

export function clientOf(request: Request): StreamClient {
  const { headers } = request;
  const forwardedFor = [headers['x-forwarded-for'] ?? []].flat().join(', ').slice(0, 200) || null;
  return {
    remoteAddress: clientAddress(request),
    forwardedFor,
    userAgent: headers['user-agent']?.slice(0, 200) ?? null,
  };
}
