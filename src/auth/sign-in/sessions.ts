/**
 * Sessions of same-origin pages: a cookie, so that a page does not have to keep a token. It reads and never writes. The
 * session of a person who signed in by a link also renews the short-lived token with which the page's tabs write.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { CookieOptions } from 'express';
import type { Patience } from '../../common/fair-slots.js';
import { earlier, momentIn } from '../../common/moment.js';
import { Problem } from '../../common/problem.js';
import { ENV, type Env } from '../../config/env.js';
import type { Prisma } from '../../database/generated/client.js';
import { PrismaService } from '../../database/prisma.service.js';
import type { Principal } from '../principal.js';
import { sessionCookieName } from './session-cookie.js';
import { SESSION_MS, endUnlessUsed } from './session-life.js';
import { type Minting, TokenMint } from '../tokens/token-mint.js';
import { assertRoomForDerived } from '../tokens/token-quota.js';
import { TokensService } from '../tokens/tokens.service.js';

/** A tab's token can write, so its text is short-lived; the session only reads. */
const TAB_TOKEN_MS = 3600 * 1000;
/** The name, in the list of tokens, of what was made from a link. */
export const SIGNED_IN = 'signed in by link';

@Injectable()
export class Sessions {
  /** What a browser needs to know; `Secure` wherever pages come by https. */
  readonly cookie: CookieOptions;
  readonly cookieName: string;

  constructor(
    private readonly prisma: PrismaService,
    private readonly mint: TokenMint,
    private readonly tokens: TokensService,
    @Inject(ENV) env: Env,
  ) {
    this.cookieName = sessionCookieName(env.publicUrl);
    this.cookie = { httpOnly: true, sameSite: 'strict', secure: env.publicUrl.isSecure, path: '/' };
  }

  async start(parent: Principal, patience: Patience): Promise<{ token: string; expiresAt: Date }> {
    const { tenantId, limits } = parent;
    const expiresAt = earlier(momentIn(SESSION_MS), parent.expiresAt);
    const minting = {
      kind: 'session' as const,
      tenantId,
      name: 'session',
      scopes: [...parent.scopes],
      expiresAt,
      rowEndsAt: endUnlessUsed(expiresAt),
      createdBy: parent.tokenId,
      parent: { tokenId: parent.tokenId, isOurs: parent.kind !== 'external' },
    };
    const mint = async () => {
      if (tenantId !== null) await assertRoomForDerived(this.prisma, 'session', tenantId, limits);
      return this.mint.mint(this.prisma, minting);
    };
    const { token } = await (tenantId === null ? mint() : this.prisma.inTurn(tenantId, mint, patience));
    return { token, expiresAt };
  }

  /**
   * The token with which the tabs of a session write, for another hour. All tabs have the same one, by its id. Throws
   * `insufficient-scope` for a session that was made of a token: who has that token writes with it.
   */
  async renewTab(session: Principal, patience: Patience): Promise<{ token: string; expiresAt: Date }> {
    const { kind, tokenId, tenantId, scopes, person, mintsUntil } = session;
    if (kind !== 'session' || mintsUntil === null)
      throw new Problem('insufficient-scope', 'Only the session of a sign-in link has a token for its tabs.');
    const renew = () =>
      this.prisma.$transaction(async (transaction) => {
        const [row] = await transaction.$queryRaw<{ name: string; createdBy: string; textEndsAt: Date | null }[]>`
          SELECT name, created_by AS "createdBy", text_ends_at AS "textEndsAt" FROM tokens
          WHERE id = ${tokenId} AND revoked_at IS NULL FOR NO KEY UPDATE`;
        if (row === undefined) throw new Problem('token-revoked', 'The session has ended; sign in again.');
        const endsAt = row.textEndsAt ?? session.expiresAt;
        const { name, createdBy } = row;
        const common = { tenantId, name, scopes: [...scopes], createdBy, personId: person?.id ?? null, mintsUntil };
        const minting = tabOf({ id: tokenId, endsAt }, common);
        return { token: await this.mintTab(transaction, tokenId, minting), expiresAt: minting.expiresAt };
      });
    return tenantId === null ? renew() : this.prisma.inTurn(tenantId, renew, patience);
  }

  private async mintTab(transaction: Prisma.TransactionClient, sessionId: string, minting: Minting): Promise<string> {
    const where = { parentId: sessionId, kind: 'api', viewedBy: null, revokedAt: null };
    const known = await transaction.token.findFirst({ where, select: { id: true } });
    if (known !== null) return this.mint.mintAgain(transaction, known.id, minting);
    return (await this.mint.mint(transaction, minting)).token;
  }

  /** The session's open streams end with it. */
  async end(session: Principal): Promise<void> {
    await this.tokens.revokeDerived(session.tokenId);
  }
}

/** The token of a session's tabs. Its row ends when the session must; its text, which a page keeps, within the hour. */
export function tabOf(
  session: { readonly id: string; readonly endsAt: Date },
  common: Pick<Minting, 'tenantId' | 'name' | 'scopes' | 'createdBy' | 'personId'> & { readonly mintsUntil: Date },
): Minting {
  return {
    ...common,
    kind: 'api',
    expiresAt: earlier(momentIn(TAB_TOKEN_MS), session.endsAt),
    rowEndsAt: session.endsAt,
    parent: { tokenId: session.id, isOurs: true },
  };
}
