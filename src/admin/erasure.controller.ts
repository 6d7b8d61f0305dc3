import { Controller, Delete, HttpCode, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Ownership } from '../agents/ownership.js';
import { Scopes } from '../auth/auth.decorators.js';
import { Bus } from '../bus/bus.js';
import { type TenantId, tenantIdSchema } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { takeAppendLock } from '../database/append-lock.js';
import { PrismaService } from '../database/prisma.service.js';
import { EventLog } from '../events/event-log.js';

@ApiTags('Tenants')
@Controller('v1/admin/tenants')
export class ErasureController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly ownership: Ownership,
    private readonly log: EventLog,
    private readonly bus: Bus,
  ) {}

  /** Erases a tenant with its tokens, calls and events, in one transaction; its agents then belong to nobody. */
  @Delete(':tenant')
  @Scopes('admin')
  @HttpCode(204)
  async erase(@Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId): Promise<void> {
    await this.prisma.$transaction(async (transaction) => {
      await takeAppendLock(transaction);
      await this.ownership.releaseAll(transaction, tenantId);
      await this.log.erase(transaction, tenantId);
      const { count } = await transaction.tenant.deleteMany({ where: { id: tenantId } });
      if (count === 0) throw new Problem('tenant-not-found', 'There is no tenant of that name.');
    });
    this.bus.publish({ kind: 'tenant-changed', tenantId, status: 'deleted' });
  }
}
