import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AgentsService } from '../../agents/agents.service.js';
import { CurrentTenant, Scopes } from '../../auth/auth.decorators.js';
import type { Patience } from '../../common/fair-slots.js';
import type { TenantId } from '../../common/ids.js';
import { moment } from '../../common/moment.js';
import { ENV, type Env } from '../../config/env.js';
import { ClientPatience } from '../../http/patience.js';
import { lifetimeAt } from '../lists/call-query.js';
import { CallStatistics } from './call-statistics.js';
import { CallsService } from '../lists/calls.service.js';
import { QualityStatistics, withQuality } from './quality-statistics.js';
import { type ReadStats, spanOf, statsSchema } from './stats.schemas.js';
import { Operation } from '../../common/operation.js';
import { statsAnswer } from './stats-answer.js';

@ApiTags('Calls')
@Controller('v1/stats')
export class StatsController {
  constructor(
    private readonly statistics: CallStatistics,
    private readonly quality: QualityStatistics,
    private readonly calls: CallsService,
    private readonly agents: AgentsService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * Numbers of the calls that began in [`from`, `to`): by default the last 7 days, 400 days at most (62 by the hour).
   * Minutes and medians are of calls that have ended. `latency`: milliseconds, of all turns that were measured; null:
   * none was. `tz` (IANA, by default UTC): the zone of days, weekdays (0: Sunday) and hours.
   */
  @Operation({
    id: 'getStats',
    summary: 'Calls and minutes over time, by agent, reason, transport and hour of the week',
    answer: statsAnswer,
    problems: ['agent-not-found'],
  })
  @Get()
  @Scopes('events:read')
  async read(
    @CurrentTenant() tenantId: TenantId,
    @Query({ schema: statsSchema }) query: ReadStats,
    @ClientPatience() patience: Patience,
  ) {
    const { from, to } = spanOf(query, moment().getTime());
    if (query.agents) await this.agents.assertReadable(tenantId, query.agents, patience);
    await this.calls.settle();
    const asked = { from, to, bucket: query.bucket, agents: query.agents ?? null, timeZone: query.tz };
    const lifetime = lifetimeAt(moment().getTime(), this.env.callMaxSilenceMs);
    const stats = await this.statistics.of(tenantId, asked, lifetime, patience);
    const quality = await this.quality.of(tenantId, asked, patience);
    const span = { from: from.toISOString(), to: to.toISOString(), bucket: query.bucket, tz: query.tz };
    return { ...span, ...withQuality(stats, quality) };
  }
}
