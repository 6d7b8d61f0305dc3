/**
 * Stream tokens (docs/protocol.md, section 2.4): short-lived, for URLs, never wider or longer-lived than the token they
 * are minted from (security rule 9).
 */
import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../../audit/audit-log.js';
import type { Patience } from '../../common/fair-slots.js';
import type { AgentName, TenantId } from '../../common/ids.js';
import { earlier, moment, momentIn } from '../../common/moment.js';
import { ENV, type Env } from '../../config/env.js';
import { ReadPool } from '../../database/pools.js';
import { PrismaService } from '../../database/prisma.service.js';
import { tenantOf } from '../auth.decorators.js';
import type { Principal } from '../principal.js';
import { assertRoomForDerived } from './token-quota.js';
import { type Minting, type Narrowing, TokenMint } from './token-mint.js';
import { Views } from './views.js';

export const DEFAULT_STREAM_TTL_SECONDS = 15 * 60;
export const MAX_STREAM_TTL_SECONDS = 60 * 60;

export interface StreamTokenView {
  readonly token: string;
  readonly url: string;
  readonly expiresAt: string;
}

/** A stream token that works now, as an operator sees it. */
export interface NarrowedToken {
  readonly id: string;
  readonly parent: string | null;
  readonly expiresAt: string;
}

@Injectable()
export class StreamTokens {
  constructor(
    private readonly prisma: PrismaService,
    private readonly pool: ReadPool,
    private readonly tokenMint: TokenMint,
    private readonly views: Views,
    @Inject(ENV) private readonly env: Env,
  ) {}

  async mint(
    parent: Principal,
    narrowing: Narrowing,
    ttlSeconds: number,
    patience: Patience,
  ): Promise<StreamTokenView> {
    const tenantId = tenantOf(parent);
    const mint = async () => {
      await assertRoomForDerived(this.prisma, 'stream', tenantId, parent.limits);
      const minting = { ...derive(parent, tenantId, narrowing, ttlSeconds), name: 'stream' };
      return this.tokenMint.mint(this.prisma, minting);
    };
    const { row, token } = await this.prisma.inTurn(tenantId, mint, patience);
    return this.viewOf(token, row.expiresAt);
  }

  /**
   * For an admin: the token sees exactly what the tenant sees, and the tenant's audit says that somebody looked. Throws
   * `tenant-not-found`.
   */
  async mintView(
    admin: Principal,
    actor: Actor,
    tenantId: TenantId,
    narrowing: Narrowing,
    ttlSeconds: number,
  ): Promise<StreamTokenView> {
    const minting = { ...derive(admin, tenantId, narrowing, ttlSeconds), name: 'view', viewedBy: admin.tokenId };
    const { row, token } = await this.views.mint(actor, tenantId, minting);
    return this.viewOf(token, row.expiresAt);
  }

  /** A tenant's working stream tokens whose narrowing includes this agent. */
  async narrowedTo(tenantId: TenantId, agent: AgentName, patience: Patience): Promise<NarrowedToken[]> {
    const query = {
      where: {
        tenantId,
        kind: 'stream',
        revokedAt: null,
        expiresAt: { gt: moment() },
        narrowing: { path: ['agents'], array_contains: [agent] },
      },
      orderBy: { createdAt: 'asc' },
    } as const;
    const rows = await this.pool.list(null, ({ token }) => token.findMany(query), patience);
    return rows.map(({ id, parentId, expiresAt }) => ({ id, parent: parentId, expiresAt: expiresAt.toISOString() }));
  }

  private viewOf(token: string, expiresAt: Date): StreamTokenView {
    const url = this.env.publicUrl.at(`/v1/events?token=${token}`);
    return { token, url, expiresAt: expiresAt.toISOString() };
  }
}

function derive(
  parent: Principal,
  tenantId: TenantId,
  narrowing: Narrowing,
  ttlSeconds: number,
): Omit<Minting, 'name'> {
  return {
    kind: 'stream',
    tenantId,
    scopes: ['events:read'],
    expiresAt: earlier(momentIn(ttlSeconds * 1000), parent.expiresAt),
    createdBy: parent.tokenId,
    parent: { tokenId: parent.tokenId, isOurs: parent.kind !== 'external' },
    narrowing,
    ...(parent.viewedBy === null ? {} : { viewedBy: parent.viewedBy }),
  };
}
