import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, CurrentPrincipal, CurrentTenant, Scopes } from '../auth/auth.decorators.js';
import { type Principal, allows } from '../auth/principal.js';
import type { Patience } from '../common/fair-slots.js';
import { type TenantId, opaqueIdSchema } from '../common/ids.js';
import { Operation } from '../common/operation.js';
import { Problem } from '../common/problem.js';
import { ClientPatience } from '../http/patience.js';
import { backtestAnswer, ruleAnswer, rulePage, templatesAnswer } from './rule-answers.js';
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
import { TEMPLATES } from './templates.js';

/** A tenant's own rules. Operators use admin-rules.controller.ts. */
@ApiTags('Rules')
@Controller('v1/rules')
@Scopes('rules:write')
export class RulesController {
  constructor(
    private readonly rules: RulesService,
    private readonly trials: RuleTrials,
  ) {}

  @Operation({ id: 'listRules', summary: 'The tenant’s rules, oldest first', answer: rulePage })
  @Get()
  list(
    @CurrentTenant() tenantId: TenantId,
    @Query({ schema: listRulesSchema }) { limit, cursor }: ListRules,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.list(tenantId, limit, cursor, patience);
  }

  /**
   * `when`: one condition, or `{"all":[…]}` of several within one call (docs/rules.md). `once`: `call`, or `each` event
   * that fulfils it.
   */
  @Operation({
    id: 'createRule',
    summary: 'Write a rule; it fires by what comes from now on',
    answer: ruleAnswer,
    problems: ['agent-not-found', 'too-many-rules'],
    bodyExample: { name: 'wants out', when: { said: { by: 'caller', words: ['refund'] } } },
  })
  @Post()
  create(
    @CurrentTenant() tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Body({ schema: createRuleSchema }) body: CreateRule,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.create(tenantId, body, actor, patience);
  }

  @Operation({ id: 'listRuleTemplates', summary: 'Rules that many want, ready to be created', answer: templatesAnswer })
  @Get('templates')
  templates() {
    return { templates: TEMPLATES };
  }

  /**
   * It also needs `events:read`, because it shows what was said. `next`: it took longer than ten seconds; use it as
   * `cursor` to go on.
   */
  @Operation({
    id: 'tryRule',
    summary: 'What a rule that is not saved would have caught',
    answer: backtestAnswer,
    problems: ['agent-not-found'],
    bodyExample: {
      rule: { name: 'wants out', when: { said: { by: 'caller', words: ['refund'] } } },
      from: '2026-11-01T00:00:00Z',
    },
  })
  @Post('backtest')
  @HttpCode(200)
  tryUnsaved(
    @CurrentPrincipal() principal: Principal,
    @CurrentTenant() tenantId: TenantId,
    @Body({ schema: tryRuleSchema }) { rule, ...span }: TryRule,
    @ClientPatience() patience: Patience,
  ) {
    assertReads(principal);
    return this.trials.unsaved(tenantId, rule, span, patience);
  }

  @Operation({ id: 'getRule', summary: 'One rule', answer: ruleAnswer, problems: ['rule-not-found'] })
  @Get(':id')
  get(
    @CurrentTenant() tenantId: TenantId,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.get(tenantId, id, patience);
  }

  @Operation({
    id: 'changeRule',
    summary: 'Change a rule, switch it on or off',
    answer: ruleAnswer,
    problems: ['rule-not-found', 'agent-not-found', 'too-many-rules'],
    bodyExample: { enabled: false },
  })
  @Patch(':id')
  change(
    @CurrentTenant() tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @Body({ schema: changeRuleSchema }) change: ChangeRule,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.update(tenantId, id, change, actor, patience);
  }

  @Operation({
    id: 'deleteRule',
    summary: 'Delete a rule; what it has said stays in the log',
    answer: null,
    problems: ['rule-not-found'],
  })
  @Delete(':id')
  @HttpCode(204)
  async remove(
    @CurrentTenant() tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @ClientPatience() patience: Patience,
  ): Promise<void> {
    await this.rules.remove(tenantId, id, actor, patience);
  }

  /** The same for a rule that is not saved. */
  @Operation({
    id: 'trySavedRule',
    summary: 'What a rule would have caught',
    answer: backtestAnswer,
    problems: ['rule-not-found'],
    bodyExample: { from: '2026-11-01T00:00:00Z' },
  })
  @Post(':id/backtest')
  @HttpCode(200)
  trySaved(
    @CurrentPrincipal() principal: Principal,
    @CurrentTenant() tenantId: TenantId,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @Body({ schema: backtestSchema }) span: Backtest,
    @ClientPatience() patience: Patience,
  ) {
    assertReads(principal);
    return this.trials.saved(tenantId, id, span, patience);
  }
}

/** A rule could be written that shows every line of every call. */
function assertReads(principal: Principal): void {
  if (!allows(principal, ['events:read']))
    throw new Problem('insufficient-scope', 'A backtest shows what was said: the token needs events:read, too.');
}
