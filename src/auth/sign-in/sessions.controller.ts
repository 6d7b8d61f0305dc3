import { Controller, Delete, HttpCode, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Patience } from '../../common/fair-slots.js';
import { ClientPatience } from '../../http/patience.js';
import { CurrentPrincipal, Scopes, SessionEnd } from '../auth.decorators.js';
import { type Principal, SCOPES } from '../principal.js';
import { Sessions } from './sessions.js';
import { Operation } from '../../common/operation.js';
import { sessionAnswer } from './sign-in-answers.js';

@ApiTags('Session')
@Controller('v1/session')
export class SessionsController {
  constructor(private readonly sessions: Sessions) {}

  /** The cookie opens event streams and other GETs of the same origin, never a write. */
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

  /** The only change that the cookie allows: it ends its own session. */
  @Operation({
    id: 'endSession',
    summary: 'End the session of the cookie, its open streams included',
    answer: null,
  })
  @Delete()
  @SessionEnd()
  @HttpCode(204)
  async end(@CurrentPrincipal() principal: Principal, @Res({ passthrough: true }) response: Response): Promise<void> {
    if (principal.kind === 'session') await this.sessions.end(principal);
    response.clearCookie(this.sessions.cookieName, this.sessions.cookie);
  }
}
