/** Views: an admin looks at exactly what a tenant sees, with a token that says so and never writes. */
import { Injectable } from '@nestjs/common';
import { type Actor, AuditLog } from '../../audit/audit-log.js';
import type { TenantId } from '../../common/ids.js';
import { earlier, momentIn } from '../../common/moment.js';
import type { Token } from '../../database/generated/client.js';
import { PrismaService } from '../../database/prisma.service.js';
import type { Principal } from '../principal.js';
import { type Minting, TokenMint } from './token-mint.js';
import { assertTenant } from '../known-tenant.js';

/** Long enough to look into a complaint. Each further view is recorded in the audit again. */
export const MAX_VIEW_TTL_SECONDS = 60 * 60;

@Injectable()
export class Views {
  constructor(
    private readonly prisma: PrismaService,
    private readonly tokenMint: TokenMint,
    private readonly audit: AuditLog,
  ) {}

  /** An API token that reads as the tenant does. It ends with the admin's own. Throws `tenant-not-found`. */
  async open(
    admin: Principal,
    actor: Actor,
    tenantId: TenantId,
    ttlSeconds: number,
  ): Promise<{ token: string; expiresAt: string }> {
    const { row, token } = await this.mint(actor, tenantId, {
      kind: 'api',
      tenantId,
      name: 'view',
      scopes: ['events:read', 'agents:read'],
      expiresAt: earlier(momentIn(ttlSeconds * 1000), admin.expiresAt),
      createdBy: admin.tokenId,
      parent: { tokenId: admin.tokenId, isOurs: admin.kind !== 'external' },
      viewedBy: admin.tokenId,
    });
    return { token, expiresAt: row.expiresAt.toISOString() };
  }

  /**
   * Mints the token for a view, and records it in both audits, the platform's and the tenant's. Throws
   * `tenant-not-found`.
   */
  async mint(actor: Actor, tenantId: TenantId, minting: Minting): Promise<{ row: Token; token: string }> {
    return this.prisma.$transaction(async (transaction) => {
      await assertTenant(transaction, tenantId);
      const minted = await this.tokenMint.mint(transaction, minting);
      await this.audit.record(transaction, actor, {
        action: 'tenant.view',
        target: tenantId,
        before: null,
        after: { tokenId: minted.row.id, expiresAt: minted.row.expiresAt.toISOString(), ...minting.narrowing },
        books: [{ tenantId }],
      });
      return minted;
    });
  }
}
