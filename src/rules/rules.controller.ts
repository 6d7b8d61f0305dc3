import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, CurrentPrincipal, CurrentTenant, Scopes } from '../auth/auth.decorators.js';
import { type Principal, allows } from '../auth/principal.js';
import type { Patience } from '../common/fair-slots.js';
import { type TenantId, opaqueIdSchema } from '../common/ids.js';
import { Problem } from '../common/problem.js';
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
import { TEMPLATES } from './templates.js';

/** A tenant's own rules; an admin's way to them: admin-rules.controller.ts. */
@ApiTags('Rules')
@Controller('v1/rules')
@Scopes('rules:write')
export class RulesController {
  constructor(
    private readonly rules: RulesService,
    private readonly trials: RuleTrials,
  ) {}

  @ApiOperation({ summary: 'The tenant’s rules, oldest first' })
  @Get()
  list(
    @CurrentTenant() tenantId: TenantId,
    @Query({ schema: listRulesSchema }) { limit, cursor }: ListRules,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.list(tenantId, limit, cursor, patience);
  }

  /** `when`: one condition, or `{"all":[…]}` of several within one call (docs/rules.md). `once`: `call`, or `each` event that fulfils it. */
  @ApiOperation({ summary: 'Write a rule; it fires by what comes from now on' })
  @Post()
  create(
    @CurrentTenant() tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Body({ schema: createRuleSchema }) body: CreateRule,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.create(tenantId, body, actor, patience);
  }

  @ApiOperation({ summary: 'Rules that many want, ready to be created' })
  @Get('templates')
  templates() {
    return { templates: TEMPLATES };
  }

  /** Needs `events:read` besides: it shows what was said. `next`: it took longer than ten seconds; go on with it as `cursor`. */
  @ApiOperation({ summary: 'What a rule that is not saved would have caught' })
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

  @ApiOperation({ summary: 'One rule' })
  @Get(':id')
  get(
    @CurrentTenant() tenantId: TenantId,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @ClientPatience() patience: Patience,
  ) {
    return this.rules.get(tenantId, id, patience);
  }

  @ApiOperation({ summary: 'Change a rule, switch it on or off' })
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

  @ApiOperation({ summary: 'Delete a rule; what it has said stays in the log' })
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

  /** As for one that is not saved. */
  @ApiOperation({ summary: 'What a rule would have caught' })
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

/** A rule can be written that says every line of every call. */
function assertReads(principal: Principal): void {
  if (!allows(principal, ['events:read']))
    throw new Problem('insufficient-scope', 'A backtest shows what was said: the token needs events:read, too.');
}
