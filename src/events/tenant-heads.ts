import { Injectable } from '@nestjs/common';
import { Collected } from '../common/collected.js';
import type { TenantId } from '../common/ids.js';
import { EventLog, type TenantHead } from './event-log.js';

/** Where tenants' logs begin and end; every stream that opens asks, so many are looked up at once. */
@Injectable()
export class TenantHeads {
  private readonly heads: Collected<TenantId, TenantHead>;

  constructor(log: EventLog) {
    this.heads = new Collected((tenantIds) => log.tenantHeads(tenantIds));
  }

  /** As of after the call. */
  of(tenantId: TenantId): Promise<TenantHead> {
    return this.heads.get(tenantId);
  }
}
