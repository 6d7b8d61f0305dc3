import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { EventsModule } from '../events/events.module.js';
import { CallActivity } from './numbers/call-activity.js';
import { CallIntake } from './projection/call-intake.js';
import { CallFinder } from './lists/call-finder.js';
import { CallPeriods } from './numbers/call-periods.js';
import { CallReader } from './lists/call-reader.js';
import { CallStatistics } from './numbers/call-statistics.js';
import { CallStore } from './projection/call-store.js';
import { CallTables } from './projection/call-tables.js';
import { CallsController } from './lists/calls.controller.js';
import { CallsProjection } from './projection/calls.projection.js';
import { CallsRebuild } from './projection/calls-rebuild.js';
import { CallsService } from './lists/calls.service.js';
import { QualityStatistics } from './numbers/quality-statistics.js';
import { ProjectionAttempts } from './projection/projection-attempts.js';
import { StatsController } from './numbers/stats.controller.js';

/** What the log says of each call. A projection keeps it, and REST reads it. */
@Module({
  imports: [AuthModule, AgentsModule, EventsModule],
  controllers: [CallsController, StatsController],
  providers: [
    CallStore,
    CallTables,
    CallIntake,
    ProjectionAttempts,
    CallFinder,
    CallReader,
    CallsRebuild,
    CallsProjection,
    CallsService,
    CallActivity,
    CallPeriods,
    CallStatistics,
    QualityStatistics,
  ],
  exports: [CallActivity, CallFinder, CallsService, CallsRebuild, CallStore],
})
export class CallsModule {}
