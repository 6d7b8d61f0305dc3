import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, CurrentTenant, Scopes } from '../auth/auth.decorators.js';
import { type Principal, SCOPES } from '../auth/principal.js';
import type { Patience } from '../common/fair-slots.js';
import { type AgentName, type TenantId, agentNameSchema } from '../common/ids.js';
import { ClientPatience } from '../http/patience.js';
import { type ListAgents, type ListOwnAgents, listAgentsSchema, listOwnAgentsSchema } from './agents.schemas.js';
import { AgentsService } from './agents.service.js';
import { MAX_LISTED, OwnedAgents, listed } from './owned-agents.js';
import { OwnershipHistory } from './ownership-history.js';
import { Operation } from '../common/operation.js';
import { agentPage, meAnswer, ownAgentPage, ownershipList } from './agent-answers.js';

@ApiTags('Agents')
@Controller('v1')
export class AgentsController {
  constructor(
    private readonly agents: AgentsService,
    private readonly owned: OwnedAgents,
    private readonly history: OwnershipHistory,
  ) {}

  /** Who this token is. */
  @Operation({
    id: 'getMe',
    summary: 'Who this token is: tenant, scopes, agents, expiry',
    description: `Of more than ${MAX_LISTED} agents it says how many (\`agents: null, agentCount\`); GET /v1/agents lists them.`,
    answer: meAnswer,
  })
  @Get('me')
  @Scopes(...SCOPES)
  async me(@CurrentPrincipal() { tenantId, scopes, expiresAt, viewedBy, person }: Principal) {
    return {
      tenant: tenantId,
      scopes: [...scopes],
      ...(tenantId === null ? { agents: [] } : listed(await this.owned.of(tenantId, null))),
      expiresAt: expiresAt.toISOString(),
      ...(person === null ? {} : { person: person.name }),
      // An admin looks at what the tenant sees.
      ...(viewedBy === null ? {} : { view: true as const }),
    };
  }

  @Operation({
    id: 'listAgents',
    summary: 'The tenant’s agents',
    answer: ownAgentPage,
  })
  @Get('agents')
  @Scopes('agents:read')
  list(
    @CurrentTenant() tenantId: TenantId,
    @Query({ schema: listOwnAgentsSchema }) { limit, cursor }: ListOwnAgents,
    @ClientPatience() patience: Patience,
  ) {
    return this.agents.list(tenantId, limit, cursor, patience);
  }

  @Operation({
    id: 'listAllAgents',
    summary: 'All agents, one tenant’s, or those that nobody owns',
    answer: agentPage,
  })
  @Get('admin/agents')
  @Scopes('admin')
  listAcrossTenants(
    @Query({ schema: listAgentsSchema }) { limit, cursor, ...filter }: ListAgents,
    @ClientPatience() patience: Patience,
  ) {
    return this.agents.listAcrossTenants(filter, limit, cursor, patience);
  }

  @Operation({
    id: 'listAgentOwners',
    summary: 'Who owned an agent, from when to when, newest first',
    answer: ownershipList,
  })
  @Get('admin/agents/:agent/owners')
  @Scopes('admin')
  async owners(@Param('agent', { schema: agentNameSchema }) agent: AgentName, @ClientPatience() patience: Patience) {
    return { owners: await this.history.spansAcrossTenants(agent, patience), next: null };
  }
}
