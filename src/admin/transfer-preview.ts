/** What a transfer would change, before anybody makes it. */
import { Injectable } from '@nestjs/common';
import { Ownership } from '../agents/ownership.js';
import { type NarrowedToken, StreamTokens } from '../auth/tokens/stream-tokens.js';
import type { Patience } from '../common/fair-slots.js';
import type { AgentName, CallId, TenantId } from '../common/ids.js';
import { ConnectionDirectory, type ConnectionView } from '../events/streams/connection-directory.js';
import { LogInquiry } from '../events/log/log-inquiry.js';

export interface Transfer {
  readonly agent: AgentName;
  /** The present owner, and the owner after the transfer. */
  readonly from: TenantId | null;
  readonly to: TenantId;
  readonly dryRun: true;
  readonly changes: boolean;
  /** Streams of both sides that would be told. They stay open. */
  readonly openStreams: readonly { readonly id: string; readonly tenant: string | null; readonly tokenId: string }[];
  /** Calls that stay with the present owner until they end. */
  readonly callsInProgress: readonly CallId[];
  /** The present owner's stream tokens that name the agent. They stay valid, and see no new calls of it. */
  readonly narrowedTokens: readonly NarrowedToken[];
}

@Injectable()
export class TransferPreview {
  constructor(
    private readonly ownership: Ownership,
    private readonly directory: ConnectionDirectory,
    private readonly inquiry: LogInquiry,
    private readonly streamTokens: StreamTokens,
  ) {}

  /** Throws what the transfer itself would throw. */
  async of(agent: AgentName, from: TenantId | null, to: TenantId, patience: Patience): Promise<Transfer> {
    const owner = await this.ownership.assertChangeable(agent, from, to, patience);
    const changes = owner.tenant !== to;
    const losing = changes ? owner.tenant : null;
    const [connections, callsInProgress, narrowedTokens] = await Promise.all([
      changes ? this.directory.listAcrossTenants() : [],
      losing === null ? [] : this.inquiry.callsInProgress(losing, agent, patience),
      losing === null ? [] : this.streamTokens.narrowedTo(losing, agent, patience),
    ]);
    const openStreams = connections
      .filter((one) => (one.tenant === losing || one.tenant === to) && one.tenant !== null && concerns(one, agent))
      .map(({ id, tenant, tokenId }) => ({ id, tenant, tokenId }));
    return { agent, from: owner.tenant, to, dryRun: true, changes, openStreams, callsInProgress, narrowedTokens };
  }
}

/** A list that was shortened may include the agent. */
function concerns({ agents, calls }: ConnectionView, agent: AgentName): boolean {
  return calls === null && (agents === null || agents.includes(agent) || agents.includes('…'));
}
