import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { EventsModule } from '../events/events.module.js';
import { ReadersModule } from '../readers/readers.module.js';
import { AdminRulesController } from './admin-rules.controller.js';
import { Backtests } from './backtests.js';
import { LiveRules } from './live-rules.js';
import { RuleSets } from './rule-sets.js';
import { RuleTrials } from './rule-trials.js';
import { RuleWatch } from './rule-watch.js';
import { RulesController } from './rules.controller.js';
import { RulesService } from './rules.service.js';
import { Sayings } from './sayings.js';

/** Live rules: they tell tenants when something is said or happens. A backtest shows what a rule would have caught. */
@Module({
  imports: [AuthModule, AgentsModule, EventsModule, ReadersModule],
  controllers: [RulesController, AdminRulesController],
  providers: [RulesService, RuleSets, Sayings, LiveRules, RuleWatch, Backtests, RuleTrials],
})
export class RulesModule {}
