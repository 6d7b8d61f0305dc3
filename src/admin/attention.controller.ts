import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Scopes } from '../auth/auth.decorators.js';
import { LinkRequests } from '../auth/link-requests/link-requests.js';
import { lifetimeAt } from '../calls/lists/call-query.js';
import { CallActivity } from '../calls/numbers/call-activity.js';
import type { Patience } from '../common/fair-slots.js';
import { agentNameSchema, tenantIdSchema } from '../common/ids.js';
import { moment, momentIn } from '../common/moment.js';
import { Operation } from '../common/operation.js';
import { commaList, timeSchema } from '../common/validation.js';
import { ENV, type Env } from '../config/env.js';
import { ClientPatience } from '../http/patience.js';
import { WebhookQueries } from '../webhooks/webhook-queries.js';
import { activityAnswer, attentionAnswer } from './attention-answers.js';

const DAY_MS = 86_400_000;
/** Bounds the cost of one request: every call since then is looked at. */
const MAX_DAYS = 7;

const since = timeSchema
  .refine((at) => at.getTime() > moment().getTime() - MAX_DAYS * DAY_MS, `must be ${MAX_DAYS} days ago at most`)
  .optional();
const attentionQuery = z.strictObject({ since });
const activityQuery = z
  .strictObject({ since, tenants: commaList(tenantIdSchema).optional(), agents: commaList(agentNameSchema).optional() })
  .refine(({ tenants, agents }) => (tenants === undefined) !== (agents === undefined), 'name tenants or agents');

type AttentionQuery = z.infer<typeof attentionQuery>;
type ActivityQuery = z.infer<typeof activityQuery>;

@ApiTags('Attention')
@Controller('v1/admin')
@Scopes('admin')
export class AttentionController {
  constructor(
    private readonly calls: CallActivity,
    private readonly webhooks: WebhookQueries,
    private readonly links: LinkRequests,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** `since`: by default a day ago, 7 days at most. How the server itself is: see /readyz. */
  @Operation({
    id: 'getAttention',
    summary: 'What needs an operator: tenants whose calls go wrong, webhooks that fail, requests for sign-in links',
    answer: attentionAnswer,
  })
  @Get('attention')
  async attention(@Query({ schema: attentionQuery }) query: AttentionQuery, @ClientPatience() patience: Patience) {
    const from = query.since ?? momentIn(-DAY_MS);
    const [tenants, webhooks, linkRequests] = await Promise.all([
      this.calls.failingAcrossTenants(from, this.lifetime(), patience),
      this.webhooks.failingAcrossTenants(patience),
      this.links.list(null, true, patience),
    ]);
    return { since: from.toISOString(), tenants, webhooks, linkRequests };
  }

  /** `tenants` or `agents`: the names to look at, 100 at most. `since`: by default a day ago, 7 days at most. */
  @Operation({
    id: 'getActivity',
    summary: 'Calls and minutes of tenants or agents since a moment, and their last call',
    answer: activityAnswer,
  })
  @Get('activity')
  async activity(@Query({ schema: activityQuery }) query: ActivityQuery, @ClientPatience() patience: Patience) {
    const from = query.since ?? momentIn(-DAY_MS);
    const [of, names] =
      query.tenants === undefined ? (['agents', query.agents ?? []] as const) : (['tenants', query.tenants] as const);
    const activity = await this.calls.acrossTenants(of, names, from, this.lifetime(), patience);
    return { since: from.toISOString(), activity };
  }

  private lifetime() {
    return lifetimeAt(moment().getTime(), this.env.callMaxSilenceMs);
  }
}
