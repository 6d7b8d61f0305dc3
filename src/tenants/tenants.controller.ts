import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, Scopes } from '../auth/auth.decorators.js';
import type { Patience } from '../common/fair-slots.js';
import { type TenantId, tenantIdSchema } from '../common/ids.js';
import { ClientPatience } from '../http/patience.js';
import {
  type ChangeTenant,
  type CreateTenant,
  type ListTenants,
  changeTenantSchema,
  createTenantSchema,
  listTenantsSchema,
} from './tenants.schemas.js';
import { TenantsService } from './tenants.service.js';

/** Deleting a tenant erases its events too: see admin/. */
@ApiTags('Tenants')
@Controller('v1/admin/tenants')
@Scopes('admin')
export class TenantsController {
  constructor(private readonly tenants: TenantsService) {}

  @ApiOperation({ summary: 'All tenants, by name' })
  @Get()
  list(@Query({ schema: listTenantsSchema }) { limit, cursor }: ListTenants, @ClientPatience() patience: Patience) {
    return this.tenants.listAcrossTenants(limit, cursor, patience);
  }

  @ApiOperation({ summary: 'Create a tenant' })
  @Post()
  create(@CurrentActor() actor: Actor, @Body({ schema: createTenantSchema }) body: CreateTenant) {
    return this.tenants.create(body, actor);
  }

  @ApiOperation({ summary: 'One tenant' })
  @Get(':tenant')
  get(@Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId, @ClientPatience() patience: Patience) {
    return this.tenants.get(tenantId, patience);
  }

  @ApiOperation({ summary: 'Rename, suspend, activate a tenant, or set its limits' })
  @Patch(':tenant')
  change(
    @CurrentActor() actor: Actor,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Body({ schema: changeTenantSchema }) change: ChangeTenant,
  ) {
    return this.tenants.change(tenantId, change, actor);
  }
}
