import { Controller, Delete, HttpCode, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, Scopes } from '../auth/auth.decorators.js';
import { type TenantId, tenantIdSchema } from '../common/ids.js';
import { ErasureService } from './erasure.service.js';

@ApiTags('Tenants')
@Controller('v1/admin/tenants')
export class ErasureController {
  constructor(private readonly erasure: ErasureService) {}

  /** Erases a tenant with its tokens, calls and events; its agents then belong to nobody. */
  @ApiOperation({ summary: 'Erase a tenant with its tokens, calls and events; its agents then belong to nobody' })
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
