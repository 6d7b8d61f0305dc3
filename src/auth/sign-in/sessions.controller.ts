import { Controller, Delete, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Patience } from '../../common/fair-slots.js';
import { ClientPatience } from '../../http/patience.js';
import { CurrentPrincipal, Scopes, OwnSession } from '../auth.decorators.js';
import { type Principal, SCOPES } from '../principal.js';
import { assertFromOwnPage } from './session-cookie.js';
import { Sessions } from './sessions.js';
import { ENV, type Env } from '../../config/env.js';
import { Operation } from '../../common/operation.js';
import { sessionAnswer, tabTokenAnswer } from './sign-in-answers.js';

@ApiTags('Session')
@Controller('v1/session')
export class SessionsController {
  constructor(
    private readonly sessions: Sessions,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * The cookie opens event streams and other GETs of the same origin, never a write. It lives while it is used: it ends
   * after seven days without use, after 30 days, and with the token in the header.
   */
  @Operation({
    id: 'startSession',
    summary: 'A cookie for same-origin pages, for the token in the header',
    answer: sessionAnswer,
    problems: ['too-many-tokens'],
  })
  @Post()
  @Scopes(...SCOPES)
  async start(
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) response: Response,
    @ClientPatience() patience: Patience,
  ) {
    const { token, expiresAt } = await this.sessions.start(principal, patience);
    response.cookie(this.sessions.cookieName, token, { ...this.sessions.cookie, expires: expiresAt });
    return { tenant: principal.tenantId, scopes: [...principal.scopes], expiresAt: expiresAt.toISOString() };
  }

  /**
   * By the cookie of who signed in by a link, for a page of this origin (`Origin`, `Sec-Fetch-Site`). The token is
   * never wider than the session, and ends with it.
   */
  @Operation({
    id: 'renewTabToken',
    summary: 'A token for the tab, for another hour, by the session’s cookie',
    answer: tabTokenAnswer,
  })
  @Post('token')
  @OwnSession()
  async renew(@Req() request: Request, @CurrentPrincipal() principal: Principal, @ClientPatience() patience: Patience) {
    assertFromOwnPage(request, this.env.publicUrl);
    const { token, expiresAt } = await this.sessions.renewTab(principal, patience);
    return { token, expiresAt: expiresAt.toISOString() };
  }

  /** The cookie ends its own session. */
  @Operation({
    id: 'endSession',
    summary: 'End the session of the cookie, its open streams included',
    answer: null,
  })
  @Delete()
  @OwnSession()
  @HttpCode(204)
  async end(@CurrentPrincipal() principal: Principal, @Res({ passthrough: true }) response: Response): Promise<void> {
    if (principal.kind === 'session') await this.sessions.end(principal);
    response.clearCookie(this.sessions.cookieName, this.sessions.cookie);
  }
}
