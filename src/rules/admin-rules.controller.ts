import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, Scopes } from '../auth/auth.decorators.js';
import type { Patience } from '../common/fair-slots.js';
import { type TenantId, opaqueIdSchema, tenantIdSchema } from '../common/ids.js';
import { ClientPatience } from '../http/patience.js';
import { RuleTrials } from './rule-trials.js';
import {
  type Backtest,
  type ChangeRule,
  type CreateRule,
  type ListRules,
  type TryRule,
  backtestSchema,
  changeRuleSchema,
  createRuleSchema,
  listRulesSchema,
  tryRuleSchema,
} from './rules.schemas.js';
import { RulesService } from './rules.service.js';

/** As /v1/rules, for a tenant. */
@ApiTags('Rules')
@Controller('v1/admin/tenants/:tenant/rules')
@Scopes('admin')
export class AdminRulesController {
  constructor(
    private readonly rules: RulesService,
    private readonly trials: RuleTrials,
  ) {}

  @ApiOperation({ summary: 'A tenant’s rules, oldest first' })
  @Get()
  list(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Query({ schema: listRulesSchema }) { limit, cursor }: ListRules,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.list(tenantId, limit, cursor, patience);
  }

  @ApiOperation({ summary: 'Write a rule for a tenant' })
  @Post()
  create(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Body({ schema: createRuleSchema }) body: CreateRule,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.create(tenantId, body, actor, patience);
  }

  @ApiOperation({ summary: 'What a rule that is not saved would have caught of a tenant’s calls' })
  @Post('backtest')
  @HttpCode(200)
  tryUnsaved(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Body({ schema: tryRuleSchema }) { rule, ...span }: TryRule,
    @ClientPatience() patience: Patience,
  ) {
    return this.trials.unsaved(tenantId, rule, span, patience);
  }

  @ApiOperation({ summary: 'One rule of a tenant' })
  @Get(':id')
  get(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.get(tenantId, id, patience);
  }

  @ApiOperation({ summary: 'Change a tenant’s rule, switch it on or off' })
  @Patch(':id')
  change(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @Body({ schema: changeRuleSchema }) change: ChangeRule,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.update(tenantId, id, change, actor, patience);
  }

  @ApiOperation({ summary: 'Delete a tenant’s rule; what it has said stays in the log' })
  @Delete(':id')
  @HttpCode(204)
  async remove(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @ClientPatience() patience: Patience,
  ): Promise<void> {
    await this.rules.remove(tenantId, id, actor, patience);
  }

  @ApiOperation({ summary: 'What a tenant’s rule would have caught' })
  @Post(':id/backtest')
  @HttpCode(200)
  trySaved(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @Body({ schema: backtestSchema }) span: Backtest,
    @ClientPatience() patience: Patience,
  ) {
    return this.trials.saved(tenantId, id, span, patience);
  }
}
