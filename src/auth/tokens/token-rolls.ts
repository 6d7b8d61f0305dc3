/**
 * Rolling a token: a new one takes its place, and for a while both work. The new one has the name, the scopes and the
 * lifetime of the old one. The row of the old one ends sooner than its text says, and rights are checked by the row.
 */
import { Inject, Injectable } from '@nestjs/common';
import { type Actor, AuditLog } from '../../audit/audit-log.js';
import { Bus } from '../../bus/bus.js';
import type { Patience } from '../../common/fair-slots.js';
import type { TenantId } from '../../common/ids.js';
import { hasCome, moment, momentIn } from '../../common/moment.js';
import type { AnswerOf } from '../../common/operation.js';
import { Problem } from '../../common/problem.js';
import { ENV, type Env } from '../../config/env.js';
import type { Prisma, Token } from '../../database/generated/client.js';
import { PrismaService } from '../../database/prisma.service.js';
import { tenantOf } from '../auth.decorators.js';
import type { Principal, Scope } from '../principal.js';
import { assertNotWider, lifeWithin } from './minting-rights.js';
import type { rolledTokenAnswer } from './token-answers.js';
import { type Narrowing, TokenMint } from './token-mint.js';
import { assertRoomForToken } from './token-quota.js';
import { type TokenWhere, findToken, recordToken } from './token-rows.js';
import { auditOf, tokenView } from './token-view.js';
import { MAX_TTL_SECONDS } from './tokens.schemas.js';

type RolledToken = AnswerOf<typeof rolledTokenAnswer>;

/** How many seconds a token in the place of this one may live. Throws if there must be none. */
type Permission = (old: Token, ttlSeconds: number) => number;

@Injectable()
export class TokenRolls {
  constructor(
    private readonly prisma: PrismaService,
    private readonly tokenMint: TokenMint,
    private readonly audit: AuditLog,
    private readonly bus: Bus,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * Rolls a tenant's own token, perhaps the caller's. Another tenant's answers like one that never existed. The new one
   * is bounded as every token is that the caller makes (security rule 9). Throws `token-not-found`,
   * `insufficient-scope`, `too-many-tokens`, and `validation` for a token that is no program's or has ended.
   */
  async rollOwn(
    principal: Principal,
    id: string,
    overlapSeconds: number,
    actor: Actor,
    patience: Patience,
  ): Promise<RolledToken> {
    const tenantId = tenantOf(principal);
    const permission = ({ scopes }: Token, ttlSeconds: number) => {
      assertNotWider(principal, scopes as Scope[]);
      return lifeWithin(principal, ttlSeconds);
    };
    const roll = () => this.roll({ id, tenantId, viewedBy: null }, overlapSeconds, actor, permission);
    return this.prisma.inTurn(tenantId, roll, patience);
  }

  /** Rolls a token of any tenant or of the platform. Throws as {@link rollOwn}. */
  async rollAcrossTenants(id: string, overlapSeconds: number, actor: Actor): Promise<RolledToken> {
    return this.roll({ id }, overlapSeconds, actor, (_, ttlSeconds) => ttlSeconds);
  }

  private async roll(
    where: TokenWhere,
    overlapSeconds: number,
    actor: Actor,
    permission: Permission,
  ): Promise<RolledToken> {
    const rolled = await this.prisma.$transaction(async (transaction) => {
      const old = await this.lock(transaction, where);
      assertRollable(old);
      const ttlSeconds = permission(old, lifetimeOf(old));
      const tenantId = old.tenantId as TenantId | null;
      const ended = await bringEndForward(transaction, old, overlapSeconds);
      const { row, token } = await this.tokenMint.mint(transaction, {
        kind: 'api',
        tenantId,
        name: old.name,
        scopes: old.scopes as Scope[],
        createdBy: actor.name,
        expiresAt: momentIn(ttlSeconds * 1000),
        narrowing: old.narrowing as Narrowing,
      });
      await recordToken(this.audit, transaction, actor, 'token.create', row, null, auditOf(row));
      const until = (ended.revokedAt ?? ended.expiresAt).toISOString();
      const change = ended.revokedAt === null ? { expiresAt: until } : { revokedAt: until };
      const after = { ...change, replacedBy: row.id };
      await recordToken(this.audit, transaction, actor, 'token.roll', old, auditOf(old), after);
      return { ...tokenView(row), token, replaces: { id: old.id, worksUntil: until } };
    });
    const kind = overlapSeconds === 0 ? 'token-revoked' : 'token-changed';
    this.bus.publish({ kind, tokenId: rolled.replaces.id });
    return rolled;
  }

  /**
   * The token as it stands when nobody else can revoke or narrow it any more: what was decided before holds for the
   * new one, too. The tenant is locked first, as everywhere.
   */
  private async lock(transaction: Prisma.TransactionClient, where: TokenWhere): Promise<Token> {
    const { id, tenantId } = await findToken(transaction, where);
    if (tenantId !== null) await assertRoomForToken(transaction, tenantId as TenantId, this.env.limits);
    await transaction.$queryRaw`SELECT 1 FROM tokens WHERE id = ${id} FOR NO KEY UPDATE`;
    return findToken(transaction, where);
  }
}

/** A token with a parent, or one that an admin looks through, lives and ends with something else. */
function assertRollable({ kind, parentId, viewedBy, revokedAt, expiresAt }: Token): void {
  if (kind !== 'api' || parentId !== null || viewedBy !== null)
    throw new Problem('validation', 'Only an API token of a program can be rolled, not a sign-in or a stream token.');
  if (revokedAt !== null || hasCome(expiresAt)) throw new Problem('validation', 'The token has ended; make a new one.');
}

/** In seconds, as it was when the token was made, however often it was rolled since. */
function lifetimeOf({ createdAt, expiresAt, textEndsAt }: Token): number {
  const seconds = Math.round(((textEndsAt ?? expiresAt).getTime() - createdAt.getTime()) / 1000);
  return Math.min(Math.max(1, seconds), MAX_TTL_SECONDS);
}

/** Never puts the end off. Without an overlap the token is revoked. Resolves to the row as it stands then. */
async function bringEndForward(
  transaction: Prisma.TransactionClient,
  old: Token,
  overlapSeconds: number,
): Promise<Token> {
  const { id } = old;
  const until = momentIn(overlapSeconds * 1000);
  if (overlapSeconds === 0) return transaction.token.update({ where: { id }, data: { revokedAt: moment() } });
  if (until >= old.expiresAt) return old;
  const data = { expiresAt: until, textEndsAt: old.textEndsAt ?? old.expiresAt };
  return transaction.token.update({ where: { id }, data });
}
