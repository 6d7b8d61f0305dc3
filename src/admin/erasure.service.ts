import { Injectable } from '@nestjs/common';
import { Ownership } from '../agents/ownership.js';
import { Bus } from '../bus/bus.js';
import type { TenantId } from '../common/ids.js';
import { takeAppendLock } from '../database/append-lock.js';
import { PrismaService } from '../database/prisma.service.js';
import { EventLog } from '../events/event-log.js';
import { TenantsService } from '../tenants/tenants.service.js';

@Injectable()
export class ErasureService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly tenants: TenantsService,
    private readonly ownership: Ownership,
    private readonly log: EventLog,
    private readonly bus: Bus,
  ) {}

  /**
   * Erases a tenant with its tokens, calls and events, in one transaction under the append lock: no event of its calls is
   * stamped with it afterwards. Its agents then belong to nobody. Throws `tenant-not-found`.
   */
  async erase(tenantId: TenantId): Promise<void> {
    await this.prisma.$transaction(async (transaction) => {
      await takeAppendLock(transaction);
      await this.ownership.releaseAll(transaction, tenantId);
      await this.log.erase(transaction, tenantId);
      await this.tenants.delete(transaction, tenantId);
    });
    this.bus.publish({ kind: 'tenant-changed', tenantId, status: 'deleted' });
  }
}
