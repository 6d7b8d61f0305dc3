/** Sessions of same-origin pages: a cookie, so that a page does not have to keep a token. It reads and never writes. */
import { Inject, Injectable } from '@nestjs/common';
import type { CookieOptions } from 'express';
import type { Patience } from '../../common/fair-slots.js';
import { earlier, momentIn } from '../../common/moment.js';
import { ENV, type Env } from '../../config/env.js';
import { PrismaService } from '../../database/prisma.service.js';
import type { Principal } from '../principal.js';
import { sessionCookieName } from './session-cookie.js';
import { TokenMint } from '../tokens/token-mint.js';
import { TokensService } from '../tokens/tokens.service.js';

/** A working day. The session ends sooner if the token it was made from does. */
export const SESSION_MS = 12 * 3600 * 1000;

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
    const minting = {
      kind: 'session' as const,
      tenantId: parent.tenantId,
      name: 'session',
      scopes: [...parent.scopes],
      expiresAt: earlier(momentIn(SESSION_MS), parent.expiresAt),
      createdBy: parent.tokenId,
      parent: { tokenId: parent.tokenId, isOurs: parent.kind !== 'external' },
    };
    const mint = () => this.mint.mint(this.prisma, minting);
    const { row, token } = await (parent.tenantId === null
      ? mint()
      : this.prisma.inTurn(parent.tenantId, mint, patience));
    return { token, expiresAt: row.expiresAt };
  }

  /** The session's open streams end with it. */
  async end(session: Principal): Promise<void> {
    await this.tokens.revokeDerived(session.tokenId);
  }
}
