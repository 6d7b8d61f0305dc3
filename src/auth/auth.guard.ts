/** The global guard: who are you, and may you be here? A route that says nothing about access is closed to everybody. */
import { ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard as PassportGuard } from '@nestjs/passport';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import jwt from 'jsonwebtoken';
import { Problem } from '../common/problem.js';
import { ENV, type Env } from '../config/env.js';
import { ACCESS, type Access } from './auth.decorators.js';
import { type Principal, allows } from './principal.js';

@Injectable()
export class AuthGuard extends PassportGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    @Inject(ENV) private readonly env: Env,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<Request & { user?: Principal }>();
    if (access?.metrics && isBearer(request, this.env.metricsToken)) return true;
    assertTokenMayTravelSo(request, access?.stream ?? false);
    await super.canActivate(context);
    const principal = request.user;
    if (access === undefined || principal === undefined)
      throw new Problem('insufficient-scope', 'This path is open to nobody.');
    if (principal.kind === 'stream' && !access.stream) {
      throw new Problem('insufficient-scope', 'A stream token opens event streams only.');
    }
    if (!allows(principal, access.anyOf)) {
      throw new Problem(
        'insufficient-scope',
        `This needs the scope ${access.anyOf.map((scope) => `"${scope}"`).join(' or ')}.`,
      );
    }
    return true;
  }

  override handleRequest<User>(error: unknown, user: User | false, info: unknown): User {
    if (error && !(error instanceof jwt.JsonWebTokenError)) throw error as Error;
    if (user) return user;
    throw refusalOf(error ?? info);
  }
}

function isBearer(request: Request, secret: string | undefined): boolean {
  if (secret === undefined) return false;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${secret}`));
}

/** An API token in a URL ends up in logs and histories: it is refused, even where a stream token would be taken. */
function assertTokenMayTravelSo(request: Request, isStream: boolean): void {
  const { token } = request.query;
  if (token === undefined) return;
  const refusal =
    'Only a stream token may travel in a URL, and only to an event stream; send others as "Authorization: Bearer …".';
  if (!isStream || typeof token !== 'string') throw new Problem('token-in-url', refusal);
  const claims = jwt.decode(token);
  if (claims !== null && typeof claims !== 'string' && claims.aud !== 'stream')
    throw new Problem('token-in-url', refusal);
}

/** What passport-jwt and jsonwebtoken say, as one of our problems; their own words stay inside. */
function refusalOf(reason: unknown): Problem {
  if (reason instanceof jwt.TokenExpiredError)
    return new Problem('token-expired', 'The token has expired; ask for a new one.');
  if (reason instanceof jwt.JsonWebTokenError)
    return new Problem('token-invalid', 'The token was not issued here, or was changed.');
  return new Problem('token-missing', 'Send a token as "Authorization: Bearer …".');
}
