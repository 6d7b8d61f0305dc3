import { Body, Controller, Delete, HttpCode, Param, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  type Assign,
  type DryRun,
  type OwnedSetBody,
  type Unassign,
  assignSchema,
  dryRunQuery,
  ownedSetSchema,
  unassignSchema,
} from '../agents/agents.schemas.js';
import { type Owner, Ownership } from '../agents/ownership.js';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, Scopes } from '../auth/auth.decorators.js';
import type { Patience } from '../common/fair-slots.js';
import { type AgentName, type TenantId, agentNameSchema, tenantIdSchema } from '../common/ids.js';
import { ClientPatience } from '../http/patience.js';
import { type Transfer, TransferPreview } from './transfer-preview.js';
import { Operation } from '../common/operation.js';
import { assignAnswer, ownedSetAnswer } from '../agents/agent-answers.js';

@ApiTags('Agents')
@Controller('v1/admin')
@Scopes('admin')
export class OwnersController {
  constructor(
    private readonly ownership: Ownership,
    private readonly preview: TransferPreview,
  ) {}

  /** Safe to repeat. With `dryRun=true`, nothing changes, and the answer says what would change. */
  @Operation({
    id: 'setAgentOwner',
    summary: 'Give an agent to a tenant, if its owner is the one you believe (compare-and-set)',
    answer: assignAnswer,
    problems: ['tenant-not-found', 'agent-not-found', 'owner-changed'],
    bodyExample: { tenant: 'acme', from: null },
  })
  @Put('agents/:agent/owner')
  assign(
    @CurrentActor() actor: Actor,
    @Param('agent', { schema: agentNameSchema }) agent: AgentName,
    @Query({ schema: dryRunQuery }) { dryRun }: DryRun,
    @Body({ schema: assignSchema }) { tenant, from }: Assign,
    @ClientPatience() patience: Patience,
  ): Promise<Owner | Transfer> {
    return dryRun ? this.preview.of(agent, from, tenant, patience) : this.ownership.change(agent, from, tenant, actor);
  }

  @Operation({
    id: 'removeAgentOwner',
    summary: 'Take an agent away, if its owner is the one you believe',
    answer: null,
    problems: ['agent-not-found', 'owner-changed'],
  })
  @Delete('agents/:agent/owner')
  @HttpCode(204)
  async unassign(
    @CurrentActor() actor: Actor,
    @Param('agent', { schema: agentNameSchema }) agent: AgentName,
    @Body({ schema: unassignSchema }) { from }: Unassign,
  ): Promise<void> {
    await this.ownership.change(agent, from, null, actor);
  }

  /**
   * All or nothing, and safe to repeat. If another tenant's agent is among them, the answer is 409, and nothing has
   * changed.
   */
  @Operation({
    id: 'setTenantAgents',
    summary: 'Make these, and no others, a tenant’s agents',
    answer: ownedSetAnswer,
    problems: ['tenant-not-found', 'owner-changed'],
  })
  @Put('tenants/:tenant/agents')
  setOwned(
    @CurrentActor() actor: Actor,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Query({ schema: dryRunQuery }) { dryRun }: DryRun,
    @Body({ schema: ownedSetSchema }) { agents }: OwnedSetBody,
    @ClientPatience() patience: Patience,
  ) {
    return dryRun
      ? this.ownership.planOwned(tenantId, agents, patience)
      : this.ownership.setOwned(tenantId, agents, actor);
  }
}
