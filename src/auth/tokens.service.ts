/** API tokens: minted once, listed without their text, revoked everywhere at once. */
import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Bus } from '../bus/bus.js';
import type { TenantId } from '../common/ids.js';
import { toPage } from '../common/page.js';
import { Problem } from '../common/problem.js';
import { ENV, type Env } from '../config/env.js';
import type { Token } from '../database/generated/client.js';
import { PrismaService } from '../database/prisma.service.js';
import type { Principal, Scope } from './principal.js';
import { SigningKeys } from './signing-keys.js';

export interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly tenant: string | null;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly ttlSeconds: number;
}

/** `lastUsedAt` is exact to this; writing it at every request would cost more than the request. */
const LAST_USED_MS = 60_000;

/** A token that was found active is not looked up again for so long, unless the bus says that some right has ended. */
const CHECKED_MS = 1000;
const MAX_CHECKED = 10_000;

@Injectable()
export class TokensService {
  private readonly checkedAt = new Map<string, number>();
  private epoch = 0;

  constructor(
    private readonly prisma: PrismaService,
    private readonly keys: SigningKeys,
    private readonly bus: Bus,
    @Inject(ENV) private readonly env: Env,
  ) {
    bus.messages.subscribe(({ kind }) => {
      if (kind !== 'token-revoked' && kind !== 'tenant-changed') return;
      this.epoch += 1;
      this.checkedAt.clear();
    });
  }

  /** Mints a token of a tenant, or of the platform (null). Its text is in the answer and nowhere else. */
  async create(
    tenantId: TenantId | null,
    { name, scopes, ttlSeconds }: NewToken,
    createdBy: string,
  ): Promise<TokenView & { token: string }> {
    if (tenantId !== null) await this.assertTenant(tenantId);
    const id = randomUUID();
    const exp = Math.floor(Date.now() / 1000) + ttlSeconds;
    const row = await this.prisma.token.create({
      data: { id, tenantId, name, scopes: [...scopes], createdBy, expiresAt: new Date(exp * 1000) },
    });
    const claims = {
      iss: this.env.publicUrl,
      aud: 'api',
      sub: tenantId ?? 'platform',
      jti: id,
      exp,
      scope: scopes.join(' '),
    };
    const token = await this.keys.sign(tenantId === null ? claims : { ...claims, tenant: tenantId });
    return { ...viewOf(row), token };
  }

  /** Newest first. */
  async list(
    tenantId: TenantId | null,
    limit: number,
    cursor: string | undefined,
  ): Promise<{ tokens: TokenView[]; next: string | null }> {
    if (tenantId !== null) await this.assertTenant(tenantId);
    const rows = await this.prisma.token.findMany({
      where: { tenantId },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
      ...(cursor === undefined ? {} : { cursor: { id: cursor }, skip: 1 }),
    });
    const page = toPage(rows, limit, (row) => row.id);
    return { tokens: page.rows.map(viewOf), next: page.next };
  }

  /** Of any tenant or of the platform. Open streams that live by the token end. Safe to repeat. */
  async revokeAcrossTenants(id: string): Promise<void> {
    await this.revoke({ id });
  }

  /** A tenant's own; another's is as unknown as one that never was. */
  async revokeOwn(tenantId: TenantId, id: string): Promise<void> {
    await this.revoke({ id, tenantId });
  }

  /** Throws when the token (or, of a stream token, its parent) is revoked or its tenant is suspended or gone. */
  async assertActive(principal: Principal): Promise<void> {
    const right = `${principal.parentTokenId ?? principal.tokenId} ${principal.tenantId ?? ''}`;
    if ((this.checkedAt.get(right) ?? 0) > Date.now() - CHECKED_MS) return;
    const epoch = this.epoch;
    await this.check(principal);
    if (this.checkedAt.size >= MAX_CHECKED) this.checkedAt.clear();
    // What was heard while the database was asked is newer than its answer.
    if (epoch === this.epoch) this.checkedAt.set(right, Date.now());
  }

  private async check(principal: Principal): Promise<void> {
    const row = await this.prisma.token.findUnique({
      where: { id: principal.parentTokenId ?? principal.tokenId },
      select: { id: true, tenantId: true, revokedAt: true, lastUsedAt: true, tenant: { select: { status: true } } },
    });
    if (row === null || row.revokedAt !== null || row.tenantId !== principal.tenantId) {
      throw new Problem('token-revoked', 'The token was revoked; ask for a new one.');
    }
    if (row.tenant && row.tenant.status !== 'active') throw new Problem('tenant-suspended', 'The tenant is suspended.');
    if (Date.now() - (row.lastUsedAt?.getTime() ?? 0) > LAST_USED_MS) {
      await this.prisma.token.updateMany({ where: { id: row.id }, data: { lastUsedAt: new Date() } });
    }
  }

  /** Which of these tokens may no longer be used, and why: the sweep behind control messages that were lost. */
  async findInactive(ids: readonly string[]): Promise<Map<string, 'token-revoked' | 'tenant-suspended'>> {
    const rows = await this.prisma.token.findMany({
      where: { id: { in: [...ids] } },
      select: { id: true, revokedAt: true, tenant: { select: { status: true } } },
    });
    const found = new Map(rows.map((row) => [row.id, row]));
    const inactive = new Map<string, 'token-revoked' | 'tenant-suspended'>();
    for (const id of ids) {
      const row = found.get(id);
      if (row === undefined || row.revokedAt !== null) inactive.set(id, 'token-revoked');
      else if (row.tenant && row.tenant.status !== 'active') inactive.set(id, 'tenant-suspended');
    }
    return inactive;
  }

  private async revoke(where: { id: string; tenantId?: TenantId }): Promise<void> {
    const row = await this.prisma.token.findFirst({ where });
    if (row === null) throw new Problem('token-not-found', 'There is no token of that id.');
    if (row.revokedAt === null)
      await this.prisma.token.update({ where: { id: row.id }, data: { revokedAt: new Date() } });
    this.bus.publish({ kind: 'token-revoked', tokenId: row.id });
  }

  private async assertTenant(tenantId: TenantId): Promise<void> {
    const tenant = await this.prisma.tenant.findUnique({ where: { id: tenantId }, select: { id: true } });
    if (tenant === null) throw new Problem('tenant-not-found', 'There is no tenant of that name.');
  }
}

function viewOf(row: Token): TokenView {
  return {
    id: row.id,
    name: row.name,
    tenant: row.tenantId,
    scopes: row.scopes,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  };
}
