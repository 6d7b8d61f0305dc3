/**
 * API tokens: made once, listed without their text. They can be narrowed and revoked, which takes effect everywhere at
 * once.
 */
import { Inject, Injectable, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, AuditLog } from '../../audit/audit-log.js';
import { Bus } from '../../bus/bus.js';
import type { Patience } from '../../common/fair-slots.js';
import { type TenantId, opaqueIdSchema } from '../../common/ids.js';
import { moment, momentIn } from '../../common/moment.js';
import { Listing, momentKey } from '../../common/page.js';
import type { AnswerOf } from '../../common/operation.js';
import { Problem } from '../../common/problem.js';
import { ENV, type Env } from '../../config/env.js';
import type { Prisma, Token } from '../../database/generated/client.js';
import { ReadPool } from '../../database/pools.js';
import { PrismaService } from '../../database/prisma.service.js';
import { isExternalId } from '../external-claims.js';
import type { Principal, Scope } from '../principal.js';
import type { tokenPage } from './token-answers.js';
import { assertRoomForToken } from './token-quota.js';
import { MAX_TTL_SECONDS } from './tokens.schemas.js';
import { TokenMint } from './token-mint.js';
import { type TokenWhere, findToken, recordToken } from './token-rows.js';
import { type TokenFacts, type TokenView, auditOf, factsOf, listedToken, tokenView } from './token-view.js';
import { Interval } from '../../common/waiting.js';
import { assertTenant } from '../known-tenant.js';

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly ttlSeconds: number;
}

/** What may be changed of a token: its name can be replaced, and scopes can be removed. */
export interface TokenChange {
  readonly name?: string | undefined;
  readonly scopes?: readonly Scope[] | undefined;
}

/** Derived tokens are short-lived and many, so their rows are deleted an hour after they have expired. */
const KEEP_EXPIRED_MS = 3600 * 1000;
const CLEAN_UP_MS = 3600 * 1000;

const LISTING = new Listing('tokens', z.tuple([momentKey, opaqueIdSchema]));

@Injectable()
export class TokensService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly cleaning = new Interval(CLEAN_UP_MS, () => this.removeExpired());

  constructor(
    private readonly prisma: PrismaService,
    private readonly pool: ReadPool,
    private readonly tokenMint: TokenMint,
    private readonly audit: AuditLog,
    private readonly bus: Bus,
    @Inject(ENV) private readonly env: Env,
  ) {}

  onApplicationBootstrap(): void {
    this.cleaning.start();
  }

  onApplicationShutdown(): void {
    this.cleaning.stop();
  }

  /** Makes a token of a tenant, or of the platform (null). Its text appears only in the answer. */
  async create(
    tenantId: TenantId | null,
    { name, scopes, ttlSeconds }: NewToken,
    actor: Actor,
  ): Promise<TokenView & { token: string }> {
    const expiresAt = momentIn(ttlSeconds * 1000);
    return this.prisma.$transaction(async (transaction) => {
      if (tenantId !== null) await assertRoomForToken(transaction, tenantId, this.env.limits);
      const minting = { kind: 'api', tenantId, name, scopes, expiresAt, createdBy: actor.name } as const;
      const { row, token } = await this.tokenMint.mint(transaction, minting);
      await recordToken(this.audit, transaction, actor, 'token.create', row, null, auditOf(row));
      return { ...tokenView(row), token };
    });
  }

  /** As {@link create}, by a tenant itself, in its turn. */
  createOwn(tenantId: TenantId, token: NewToken, actor: Actor, patience: Patience) {
    return this.prisma.inTurn(tenantId, () => this.create(tenantId, token, actor), patience);
  }

  /** Newest first. `asking` finds itself in the list. */
  async list(
    asking: Principal,
    tenantId: TenantId | null,
    limit: number,
    cursor: string | undefined,
    patience: Patience,
  ): Promise<AnswerOf<typeof tokenPage>> {
    const [createdAt, id] = LISTING.after(cursor, tenantId) ?? [];
    const older = [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id } }];
    const read = async (tables: Prisma.TransactionClient) => {
      await assertTenant(tables, tenantId);
      return tables.token.findMany({
        include: { parent: { select: { expiresAt: true, revokedAt: true, lastUsedAt: true } } },
        where: { tenantId, kind: 'api', viewedBy: null, ...(createdAt === undefined ? {} : { OR: older }) },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit + 1,
      });
    };
    const rows = await this.pool.list(tenantId, read, patience);
    const page = LISTING.page(rows, limit, tenantId, (row) => [row.createdAt, row.id]);
    return { tokens: page.rows.map((row) => listedToken(row, asking)), next: page.next };
  }

  async factsAcrossTenants(id: string, patience: Patience): Promise<TokenFacts> {
    return factsOf(await this.pool.list(null, (tables) => findToken(tables, { id }), patience));
  }

  /**
   * Changes a token of any tenant or of the platform. Scopes can only be removed: the token never has more than its
   * text says.
   */
  async changeAcrossTenants(id: string, { name, scopes }: TokenChange, actor: Actor): Promise<TokenView> {
    const view = await this.prisma.$transaction(async (transaction) => {
      const row = await findToken(transaction, { id });
      const wider = scopes?.filter((scope) => !row.scopes.includes(scope)) ?? [];
      if (wider.length > 0) throw new Problem('validation', `The token never had ${wider.join(', ')}; make a new one.`);
      const data = {
        ...(name === undefined ? {} : { name }),
        ...(scopes === undefined ? {} : { scopes: [...scopes] }),
      };
      const changed = await transaction.token.update({ where: { id }, data });
      await recordToken(this.audit, transaction, actor, 'token.change', row, auditOf(row), auditOf(changed));
      return tokenView(changed);
    });
    if (scopes !== undefined) this.bus.publish({ kind: 'token-changed', tokenId: id });
    return view;
  }

  /**
   * Revokes a token of any tenant, of the platform or of the identity provider. Open streams that depend on the token
   * end. Safe to repeat.
   */
  async revokeAcrossTenants(id: string, actor: Actor): Promise<void> {
    if (isExternalId(id, this.env.identityProvider)) await this.revokeExternal(id, actor);
    else await this.revoke({ id }, actor);
  }

  /** Revokes a tenant's own token. Another tenant's answers like one that never existed. */
  async revokeOwn(tenantId: TenantId, id: string, actor: Actor): Promise<void> {
    await this.revoke({ id, tenantId, viewedBy: null }, actor);
  }

  /** Revokes a stream or session token for its holder. */
  async revokeDerived(id: string): Promise<void> {
    await this.prisma.token.updateMany({
      where: { id, kind: { not: 'api' }, revokedAt: null },
      // It has ended, so its row need not stay.
      data: { revokedAt: moment(), expiresAt: moment() },
    });
    this.bus.publish({ kind: 'token-revoked', tokenId: id });
  }

  /** Ends the rights of some of a tenant's tokens and of what was minted from them; false if there are none. */
  async removeSomeOf(tenantId: TenantId): Promise<boolean> {
    const count = await this.prisma.$executeRaw`DELETE FROM tokens WHERE id IN (
      SELECT id FROM tokens WHERE tenant_id = ${tenantId} ORDER BY kind = 'api', created_at LIMIT 1000)`;
    return count > 0;
  }

  async removeExpired(): Promise<void> {
    const expiresAt = { lt: momentIn(-KEEP_EXPIRED_MS) };
    // An API token with a parent is a tab's.
    const derived = { OR: [{ kind: { not: 'api' } }, { parentId: { not: null } }, { viewedBy: { not: null } }] };
    await this.prisma.token.deleteMany({ where: { ...derived, expiresAt } });
  }

  private async revoke(where: TokenWhere, actor: Actor): Promise<void> {
    const ids = await this.prisma.$transaction(async (transaction) => {
      const row = await findToken(transaction, where);
      const ended = [row.id, ...sessionOf(row)];
      if (row.revokedAt !== null) return ended;
      const revokedAt = moment();
      await transaction.token.updateMany({ where: { id: { in: ended }, revokedAt: null }, data: { revokedAt } });
      await recordToken(this.audit, transaction, actor, 'token.revoke', row, auditOf(row), {
        revokedAt: revokedAt.toISOString(),
      });
      return ended;
    });
    for (const tokenId of ids) this.bus.publish({ kind: 'token-revoked', tokenId });
  }

  /**
   * A revoked token of the identity provider has a row for as long as any token may live; its sessions and stream
   * tokens end with it.
   */
  private async revokeExternal(id: string, actor: Actor): Promise<void> {
    const revokedAt = moment();
    const derived = await this.prisma.$transaction(async (transaction) => {
      const row = { kind: 'external', name: 'external', scopes: [], createdBy: actor.name, revokedAt };
      const data = { ...row, id, expiresAt: momentIn(MAX_TTL_SECONDS * 1000) };
      const { count } = await transaction.token.createMany({ data, skipDuplicates: true });
      if (count > 0) {
        const after = { revokedAt: revokedAt.toISOString() };
        await this.audit.record(transaction, actor, {
          action: 'token.revoke',
          target: id,
          before: null,
          after,
          books: [],
        });
      }
      const made = { OR: [{ createdBy: id, kind: { in: ['stream', 'session'] } }, { viewedBy: id }] };
      const where = { ...made, revokedAt: null };
      return transaction.token.updateManyAndReturn({ where, data: { revokedAt }, select: { id: true } });
    });
    for (const token of [{ id }, ...derived]) this.bus.publish({ kind: 'token-revoked', tokenId: token.id });
  }
}

/** The session that a tab's token depends on: revoking either ends the sign-in. */
function sessionOf({ kind, viewedBy, parentId }: Token): string[] {
  return kind === 'api' && viewedBy === null && parentId !== null ? [parentId] : [];
}
