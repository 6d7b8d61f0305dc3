import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AuditLog } from '../audit/audit-log.js';
import { CurrentTenant, Scopes } from '../auth/auth.decorators.js';
import type { Patience } from '../common/fair-slots.js';
import { type TenantId, lineSchema, tenantIdSchema } from '../common/ids.js';
import { pageQuery } from '../common/page.js';
import { timeSchema } from '../common/validation.js';
import { ClientPatience } from '../http/patience.js';
import { Operation } from '../common/operation.js';
import { auditPage, platformAuditPage } from './admin-answers.js';

/** The longest name is an agent's or an id of an identity provider. */
const auditWordSchema = lineSchema(1000);
const ownQuery = z.strictObject({
  ...pageQuery,
  /** As an entry has it: `token.create`. */
  action: auditWordSchema.optional(),
  by: auditWordSchema.optional(),
  target: auditWordSchema.optional(),
  from: timeSchema.optional(),
  to: timeSchema.optional(),
});
const query = ownQuery.extend({ tenant: tenantIdSchema.optional() });

@ApiTags('Audit')
@Controller('v1')
export class AuditController {
  constructor(private readonly audit: AuditLog) {}

  @Operation({
    id: 'listAudit',
    summary: 'What was done to or as this tenant, newest first',
    description: 'Who belongs to the platform is `operator`. `from` is included, `to` is not.',
    answer: auditPage,
  })
  @Get('audit')
  @Scopes('events:read', 'agents:read', 'tokens:write')
  list(
    @CurrentTenant() tenantId: TenantId,
    @Query({ schema: ownQuery }) { limit, cursor, ...filter }: z.infer<typeof ownQuery>,
    @ClientPatience() patience: Patience,
  ) {
    return this.audit.list(tenantId, filter, limit, cursor, patience);
  }

  /** `from` is included, `to` is not. */
  @Operation({
    id: 'listPlatformAudit',
    summary: 'Who changed what, when, before and after, newest first',
    answer: platformAuditPage,
  })
  @Get('admin/audit')
  @Scopes('admin')
  listAcrossTenants(
    @Query({ schema: query }) { limit, cursor, ...filter }: z.infer<typeof query>,
    @ClientPatience() patience: Patience,
  ) {
    return this.audit.listAcrossTenants(filter, limit, cursor, patience);
  }
}
