import { Injectable } from '@nestjs/common';
import { OwnershipHistory } from '../agents/ownership-history.js';
import { TokensService } from '../auth/tokens/tokens.service.js';
import type { Patience } from '../common/fair-slots.js';
import type { CallId, TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { moment } from '../common/moment.js';
import { EventLog, TenantHeads } from '../events/log/event-log.js';
import { LogInquiry } from '../events/log/log-inquiry.js';
import { TenantsService } from '../tenants/tenants.service.js';
import { type Explanation, explain } from './explanation.js';

@Injectable()
export class ExplainService {
  constructor(
    private readonly tenants: TenantsService,
    private readonly tokens: TokensService,
    private readonly history: OwnershipHistory,
    private readonly log: EventLog,
    private readonly heads: TenantHeads,
    private readonly inquiry: LogInquiry,
  ) {}

  /** As {@link explain}, of a call's first event. Throws `call-not-found`, too. */
  async explainCall(
    tenantId: TenantId,
    callId: CallId,
    tokenId: string | undefined,
    patience: Patience,
  ): Promise<Explanation> {
    const position = await this.inquiry.firstOfCallAcrossTenants(callId, tenantId, patience);
    if (position === undefined) throw new Problem('call-not-found', 'There is no call of that id.');
    return this.explain(tenantId, position, tokenId, patience);
  }

  /** Throws `tenant-not-found`, `token-not-found`. An event that does not exist is explained, too. */
  async explain(
    tenantId: TenantId,
    position: number,
    tokenId: string | undefined,
    patience: Patience,
  ): Promise<Explanation> {
    const [tenant, bounds, head, event, token] = await Promise.all([
      this.tenants.get(tenantId, patience),
      this.heads.of(tenantId),
      this.log.headPosition(),
      this.inquiry.eventAcrossTenants(position, patience),
      tokenId === undefined ? undefined : this.tokens.factsAcrossTenants(tokenId, patience),
    ]);
    const call = event?.callId
      ? await this.inquiry.callAcrossTenants({ tenantId: event.tenantId, callId: event.callId }, event.agent, patience)
      : undefined;
    const owner = event
      ? await this.history.ownerAtAcrossTenants(event.agent, call?.firstPosition ?? position, patience)
      : undefined;
    return explain({
      tenant: { id: tenantId, status: tenant.status, expiredUntil: bounds.expiredUntil },
      position,
      head,
      event,
      call,
      owner,
      token,
      now: moment(),
    });
  }
}
