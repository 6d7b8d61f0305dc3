import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AgentsService } from '../../agents/agents.service.js';
import type { Actor } from '../../audit/audit-log.js';
import { CurrentActor, CurrentPrincipal, CurrentTenant, Scopes, ViewableScopes } from '../../auth/auth.decorators.js';
import type { Principal } from '../../auth/principal.js';
import { DEFAULT_STREAM_TTL_SECONDS, MAX_STREAM_TTL_SECONDS, StreamTokens } from '../../auth/tokens/stream-tokens.js';
import type { Narrowing } from '../../auth/tokens/token-mint.js';
import { shortTtlSchema } from '../../auth/tokens/tokens.schemas.js';
import type { Patience } from '../../common/fair-slots.js';
import { type TenantId, agentNameSchema, callIdSchema, tenantIdSchema } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';
import { ClientPatience } from '../../http/patience.js';
import { typePatternSchema } from '../log/event-filter.js';
import { LogReader } from '../log/log-reader.js';
import { Operation } from '../../common/operation.js';
import { streamTokenAnswer } from '../../auth/tokens/token-answers.js';

/** Longest list of names in a token: it has to fit into a URL. */
const MAX_NAMES = 50;

const mintSchema = z
  .strictObject({
    agents: z.array(agentNameSchema).min(1).max(MAX_NAMES).optional(),
    calls: z.array(callIdSchema).min(1).max(MAX_NAMES).optional(),
    types: z.array(typePatternSchema).min(1).max(MAX_NAMES).optional(),
    ttl: shortTtlSchema(MAX_STREAM_TTL_SECONDS, 'must be an hour at most').default(DEFAULT_STREAM_TTL_SECONDS),
  })
  .optional()
  .transform((body) => body ?? { ttl: DEFAULT_STREAM_TTL_SECONDS });

type Mint = z.infer<typeof mintSchema>;

@ApiTags('Tokens')
@Controller()
export class StreamTokensController {
  constructor(
    private readonly streamTokens: StreamTokens,
    private readonly agents: AgentsService,
    private readonly log: LogReader,
  ) {}

  /** A short-lived token for a stream's URL, narrowed as requested. */
  @Operation({
    id: 'createStreamToken',
    summary: 'Make a short-lived stream token for a URL, narrowed as asked',
    answer: streamTokenAnswer,
    problems: ['agent-not-found', 'call-not-found', 'too-many-tokens'],
    bodyExample: { agents: ['mara'], types: ['call.*'], ttl: '15m' },
  })
  @Post('v1/stream-tokens')
  @ViewableScopes('events:read')
  async mint(
    @CurrentPrincipal() principal: Principal,
    @CurrentTenant() tenantId: TenantId,
    @Body({ schema: mintSchema }) body: Mint,
    @ClientPatience() patience: Patience,
  ) {
    const { ttl, ...narrowing } = body;
    await this.assertReadable(tenantId, narrowing, patience);
    return this.streamTokens.mint(principal, narrowing, ttl, patience);
  }

  /** The token sees exactly what the tenant sees, for an hour at most. The tenant's audit records it. */
  @Operation({
    id: 'createTenantStreamToken',
    summary: 'View as: a stream token that sees what the tenant sees, named in the tenant’s audit',
    answer: streamTokenAnswer,
    problems: ['tenant-not-found', 'agent-not-found', 'call-not-found'],
    bodyExample: { agents: ['mara'], ttl: '15m' },
  })
  @Post('v1/admin/tenants/:tenant/stream-tokens')
  @Scopes('admin')
  async mintView(
    @CurrentPrincipal() principal: Principal,
    @CurrentActor() actor: Actor,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Body({ schema: mintSchema }) body: Mint,
    @ClientPatience() patience: Patience,
  ) {
    const { ttl, ...narrowing } = body;
    await this.assertReadable(tenantId, narrowing, patience);
    return this.streamTokens.mintView(principal, actor, tenantId, narrowing, ttl);
  }

  private async assertReadable(tenantId: TenantId, narrowing: Narrowing, patience: Patience): Promise<void> {
    if (narrowing.agents) await this.agents.assertReadable(tenantId, narrowing.agents, patience);
    for (const call of narrowing.calls ?? []) {
      if (!(await this.log.hasCall(tenantId, call, patience)))
        throw new Problem('call-not-found', 'There is no call of that id.');
    }
  }
}
