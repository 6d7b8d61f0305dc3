/** Backtests of saved rules, and of rules that are not saved. */
import { Injectable } from '@nestjs/common';
import { AgentsService } from '../agents/agents.service.js';
import type { Patience } from '../common/fair-slots.js';
import type { TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { Backtests, type BacktestView } from './backtests.js';
import { ruleOf } from './rule-row.js';
import type { Backtest, CreateRule } from './rules.schemas.js';
import { RulesService } from './rules.service.js';

@Injectable()
export class RuleTrials {
  constructor(
    private readonly rules: RulesService,
    private readonly backtests: Backtests,
    private readonly agents: AgentsService,
  ) {}

  /** Throws `rule-not-found`, and the problems of {@link Backtests.run}. */
  async saved(tenantId: TenantId, id: string, span: Backtest, patience: Patience): Promise<BacktestView> {
    const rule = ruleOf(await this.rules.row(tenantId, id, patience));
    if (rule === undefined) throw new Problem('unavailable', 'A later version wrote this rule; try again when all are of that version.'); // prettier-ignore
    return this.backtests.run(tenantId, rule, span, patience);
  }

  /** Throws `agent-not-found`, and the problems of {@link Backtests.run}. */
  async unsaved(tenantId: TenantId, written: CreateRule, span: Backtest, patience: Patience): Promise<BacktestView> {
    const { name, agents, when, once } = written;
    if (agents) await this.agents.assertReadable(tenantId, agents, patience);
    return this.backtests.run(
      tenantId,
      { id: 'unsaved', name, agents: agents ?? [], when, once, since: 0 },
      span,
      patience,
    );
  }
}
