import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, Scopes } from '../auth/auth.decorators.js';
import type { Patience } from '../common/fair-slots.js';
import { type TenantId, tenantIdSchema } from '../common/ids.js';
import { ClientPatience } from '../http/patience.js';
import { type TenantErasureView, TenantErasures } from '../tenants/tenant-erasures.js';
import { ErasureService } from './erasure.service.js';
import { Operation } from '../common/operation.js';
import { erasureList } from '../tenants/tenant-answers.js';

@ApiTags('Tenants')
@Controller('v1/admin/erasures')
@Scopes('admin')
export class ErasuresController {
  constructor(private readonly erasures: TenantErasures) {}

  /** `events`: how many there were at the beginning; `erased`: how many of them are gone. */
  @Operation({
    id: 'listErasures',
    summary: 'Tenants that have no rights any more and of which something is left',
    answer: erasureList,
  })
  @Get()
  async list(@ClientPatience() patience: Patience): Promise<{ erasures: TenantErasureView[] }> {
    return { erasures: await this.erasures.listAcrossTenants(patience) };
  }
}

@ApiTags('Tenants')
@Controller('v1/admin/tenants')
export class ErasureController {
  constructor(private readonly erasure: ErasureService) {}

  /**
   * Erases a tenant with its tokens, calls and events. Its agents then belong to nobody. The answer comes when its
   * rights have ended. The rest of a large tenant is removed afterwards (`GET /v1/admin/erasures`), and its name is
   * taken until then.
   */
  @Operation({
    id: 'eraseTenant',
    summary: 'Erase a tenant with its tokens, calls and events; its agents then belong to nobody',
    answer: null,
    problems: ['tenant-not-found'],
  })
  @Delete(':tenant')
  @Scopes('admin')
  @HttpCode(204)
  async erase(
    @CurrentActor() actor: Actor,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
  ): Promise<void> {
    await this.erasure.erase(tenantId, actor);
  }
}
