import { Body, Controller, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, Scopes } from '../auth/auth.decorators.js';
import type { Patience } from '../common/fair-slots.js';
import { type TenantId, tenantIdSchema } from '../common/ids.js';
import { ClientPatience } from '../http/patience.js';
import { ENV, type Env } from '../config/env.js';
import {
  type ChangeTenant,
  type CreateTenant,
  type ListTenants,
  changeTenantSchema,
  createTenantSchema,
  listTenantsSchema,
} from './tenants.schemas.js';
import { TenantsService } from './tenants.service.js';
import { Operation } from '../common/operation.js';
import { defaultLimitsAnswer, tenantAnswer, tenantPage } from './tenant-answers.js';

/** Deleting a tenant erases its events too: see admin/. */
@ApiTags('Tenants')
@Controller('v1/admin/tenants')
@Scopes('admin')
export class TenantsController {
  constructor(private readonly tenants: TenantsService) {}

  @Operation({
    id: 'listTenants',
    summary: 'All tenants, by name',
    answer: tenantPage,
  })
  @Get()
  list(@Query({ schema: listTenantsSchema }) { limit, cursor }: ListTenants, @ClientPatience() patience: Patience) {
    return this.tenants.listAcrossTenants(limit, cursor, patience);
  }

  @Operation({
    id: 'createTenant',
    summary: 'Create a tenant',
    answer: tenantAnswer,
    problems: ['tenant-exists'],
    bodyExample: { tenant: 'acme', name: 'Acme Corp', limits: { retentionDays: 30 } },
  })
  @Post()
  create(@CurrentActor() actor: Actor, @Body({ schema: createTenantSchema }) body: CreateTenant) {
    return this.tenants.create(body, actor);
  }

  @Operation({
    id: 'getTenant',
    summary: 'One tenant',
    answer: tenantAnswer,
    problems: ['tenant-not-found'],
  })
  @Get(':tenant')
  get(@Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId, @ClientPatience() patience: Patience) {
    return this.tenants.get(tenantId, patience);
  }

  @Operation({
    id: 'changeTenant',
    summary: 'Rename, suspend, activate a tenant, or set its limits',
    answer: tenantAnswer,
    problems: ['tenant-not-found'],
    bodyExample: { status: 'suspended' },
  })
  @Patch(':tenant')
  change(
    @CurrentActor() actor: Actor,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Body({ schema: changeTenantSchema }) change: ChangeTenant,
  ) {
    return this.tenants.change(tenantId, change, actor);
  }
}

@ApiTags('Tenants')
@Controller('v1/admin/limits')
@Scopes('admin')
export class LimitsController {
  constructor(@Inject(ENV) private readonly env: Env) {}

  /** From the configuration. `retentionDays` null: events are kept for ever. */
  @Operation({
    id: 'getDefaultLimits',
    summary: 'The platform’s own limits: what holds for a tenant for which nothing else was set',
    answer: defaultLimitsAnswer,
  })
  @Get()
  read() {
    return { limits: { ...this.env.limits, retentionDays: this.env.retentionDays ?? null } };
  }
}
