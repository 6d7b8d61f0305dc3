import { z } from 'zod';
import type { Api } from './api.js';
import { ownTenant, path } from './context.js';

export interface StreamPlace {
  readonly path: string;
  /** Whose events these are; null: all tenants'. */
  readonly tenant: string | null;
}

/**
 * Where events are read: as the named tenant, as the token's own tenant, or across tenants. To read as a tenant,
 * `query` is given a stream token of it.
 */
export async function streamPlace(api: Api, tenant: string | undefined, query: URLSearchParams): Promise<StreamPlace> {
  if (tenant !== undefined) {
    const minted = z.looseObject({ token: z.string() });
    const way = path`/v1/admin/tenants/${tenant}/stream-tokens`;
    const { token } = await api.request('POST', way, minted, { ttl: '1h' });
    query.set('token', token);
    return { path: '/v1/events', tenant };
  }
  const own = await ownTenant(api);
  return { path: own === null ? '/v1/admin/events' : '/v1/events', tenant: own };
}
