import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, Scopes } from '../auth/auth.decorators.js';
import type { Patience } from '../common/fair-slots.js';
import { type TenantId, opaqueIdSchema, tenantIdSchema } from '../common/ids.js';
import { Operation } from '../common/operation.js';
import { ClientPatience } from '../http/patience.js';
import { backtestAnswer, ruleAnswer, rulePage } from './rule-answers.js';
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

/** As /v1/rules, for a tenant that an operator names. */
@ApiTags('Rules')
@Controller('v1/admin/tenants/:tenant/rules')
@Scopes('admin')
export class AdminRulesController {
  constructor(
    private readonly rules: RulesService,
    private readonly trials: RuleTrials,
  ) {}

  @Operation({
    id: 'listTenantRules',
    summary: 'A tenant’s rules, oldest first',
    answer: rulePage,
    problems: ['tenant-not-found'],
  })
  @Get()
  list(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Query({ schema: listRulesSchema }) { limit, cursor }: ListRules,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.list(tenantId, limit, cursor, patience);
  }

  @Operation({
    id: 'createTenantRule',
    summary: 'Write a rule for a tenant',
    answer: ruleAnswer,
    problems: ['agent-not-found', 'too-many-rules', 'tenant-not-found'],
    bodyExample: { name: 'wants out', when: { said: { by: 'caller', words: ['refund'] } } },
  })
  @Post()
  create(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Body({ schema: createRuleSchema }) body: CreateRule,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.create(tenantId, body, actor, patience);
  }

  @Operation({
    id: 'tryTenantRule',
    summary: 'What a rule that is not saved would have caught of a tenant’s calls',
    answer: backtestAnswer,
    problems: ['agent-not-found', 'tenant-not-found'],
    bodyExample: {
      rule: { name: 'wants out', when: { said: { by: 'caller', words: ['refund'] } } },
      from: '2026-11-01T00:00:00Z',
    },
  })
  @Post('backtest')
  @HttpCode(200)
  tryUnsaved(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Body({ schema: tryRuleSchema }) { rule, ...span }: TryRule,
    @ClientPatience() patience: Patience,
  ) {
    return this.trials.unsaved(tenantId, rule, span, patience);
  }

  @Operation({
    id: 'getTenantRule',
    summary: 'One rule of a tenant',
    answer: ruleAnswer,
    problems: ['rule-not-found', 'tenant-not-found'],
  })
  @Get(':id')
  get(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.get(tenantId, id, patience);
  }

  @Operation({
    id: 'changeTenantRule',
    summary: 'Change a tenant’s rule, switch it on or off',
    answer: ruleAnswer,
    problems: ['rule-not-found', 'agent-not-found', 'too-many-rules', 'tenant-not-found'],
    bodyExample: { enabled: false },
  })
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

  @Operation({
    id: 'deleteTenantRule',
    summary: 'Delete a tenant’s rule; what it has said stays in the log',
    answer: null,
    problems: ['rule-not-found', 'tenant-not-found'],
  })
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

  @Operation({
    id: 'trySavedTenantRule',
    summary: 'What a tenant’s rule would have caught',
    answer: backtestAnswer,
    problems: ['rule-not-found', 'tenant-not-found'],
    bodyExample: { from: '2026-11-01T00:00:00Z' },
  })
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
