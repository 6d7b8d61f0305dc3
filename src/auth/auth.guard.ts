/**
 * The global guard: it finds out who asks and whether they may. A route that declares no access is closed to everybody.
 */
import { CanActivate, ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import jwt from 'jsonwebtoken';
import passport from 'passport';
import { assertNoStrayQuery } from '../common/route-arguments.js';
import { Problem } from '../common/problem.js';
import { TokenBuckets } from '../common/token-bucket.js';
import { ENV, type Env } from '../config/env.js';
import { Answers } from '../http/answers.js';
import { Sockets } from '../http/sockets.js';
import { ACCESS, OWN_RATE, type Access } from './auth.decorators.js';
import { type Credential, assertNoTokenInUrl, findCredential, mayTravel } from './credential.js';
import { IdpStrategy } from './idp.strategy.js';
import { JwtStrategy } from './jwt.strategy.js';
import { type Principal, allows } from './principal.js';
import { assertOwnPage, sessionCookieName } from './sign-in/session-cookie.js';
import { CurrentRights } from './current-rights.js';
import { readToken } from './tokens/token-text.js';
import { VerifiedTokens } from './tokens/verified-tokens.js';

type Scoped = Extract<Access, { kind: 'scopes' }>;

@Injectable()
export class AuthGuard implements CanActivate {
  private readonly requests = new TokenBuckets();
  private readonly verified = new VerifiedTokens();
  private readonly cookieName: string;

  constructor(
    private readonly reflector: Reflector,
    @Inject(ENV) private readonly env: Env,
    private readonly own: JwtStrategy,
    private readonly external: IdpStrategy,
    private readonly rights: CurrentRights,
    private readonly sockets: Sockets,
    private readonly answers: Answers,
  ) {
    this.cookieName = sessionCookieName(env.publicUrl);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, targets);
    const http = context.switchToHttp();
    const request = http.getRequest<Request & { user?: Principal }>();
    const response = http.getResponse<Response>();
    keepFromCaches(request, response, access);
    if (access?.kind === 'public') return true;
    if (access?.metrics && isBearer(request, this.env.metricsToken)) return true;
    assertNoTokenInUrl(request, access?.stream ?? false);
    const credential = findCredential(request, this.cookieName);
    if (credential === null) throw new Problem('token-missing', 'Send a token as "Authorization: Bearer …".');
    const principal = await this.principalOf(credential, request, response);
    // The client has already been answered at the deadline (http/stream-deadline.ts): do nothing more.
    if (response.writableEnded) throw new Problem('unavailable', 'The request was answered meanwhile.');
    this.sockets.recognise(request.socket);
    authorise(principal, credential, access, request);
    assertNoStrayQuery(context);
    if (!access?.stream && !this.reflector.getAllAndOverride<boolean | undefined>(OWN_RATE, targets))
      this.chargeRequest(principal);
    if (!access?.stream) this.answers.begin(response, principal.tenantId);
    request.user = principal;
    return true;
  }

  private async principalOf({ token }: Credential, request: Request, response: Response): Promise<Principal> {
    const identity = this.verified.recall(token);
    if (identity !== undefined) return this.rights.principal(identity);
    if (readToken(token) === undefined)
      throw new Problem('token-invalid', 'The token was not issued here, or was changed.');
    const principal = await this.authenticate(request, response);
    this.verified.remember(token, principal);
    return principal;
  }

  /** Passport's own register is global to the process; these strategies belong to this application only. */
  private authenticate(request: Request, response: Response): Promise<Principal> {
    const strategies = [this.own, this.external].map((one) => Object.create(one) as passport.Strategy);
    return new Promise((resolve, reject) => {
      const done: passport.AuthenticateCallback = (error, user, info) => {
        if (error) reject(error as Error);
        else if (user) resolve(user as Principal);
        else reject(refusalOf([info].flat()));
      };
      // Passport takes strategies themselves as well as names, though it is typed for names.
      const names = strategies as unknown as string[];
      (passport.authenticate(names, { session: false }, done) as (...args: unknown[]) => void)(
        request,
        response,
        reject,
      );
    });
  }

  /** All tokens of a tenant share one count of requests; streams have limits of their own. */
  private chargeRequest({ tenantId, limits }: Principal): void {
    if (tenantId === null) return;
    const retryAfterMs = this.requests.charge(tenantId, 1, limits.requestsPerSecond);
    if (retryAfterMs === 0) return;
    const detail = `This tenant may make ${limits.requestsPerSecond} requests a second.`;
    throw new Problem('rate-limited', detail, {}, retryAfterMs);
  }
}

/**
 * What depends on who asks is for nobody else, and what holds a token is for no disk. A stream says so in its own way.
 */
function keepFromCaches({ method }: Request, response: Response, access: Access | undefined): void {
  if (access?.kind === 'public' && method === 'GET') return;
  if (access?.kind === 'scopes' && access.stream) return;
  response.setHeader('Cache-Control', 'no-store');
  response.vary('Authorization, Cookie');
}

function authorise(principal: Principal, { by }: Credential, access: Scoped | undefined, request: Request): void {
  if (!mayTravel(principal.kind, by))
    throw new Problem('token-invalid', 'A token of this kind does not travel this way.');
  if (access === undefined) throw new Problem('insufficient-scope', 'This path is open to nobody.');
  if (principal.kind === 'stream' && !access.stream)
    throw new Problem('insufficient-scope', 'A stream token opens event streams only.');
  if (by === 'cookie') assertMaySend(request, access.ownSession ?? false);
  if (principal.viewedBy !== null && !reads(request) && !access.views)
    throw new Problem('insufficient-scope', 'A view reads; it changes nothing.');
  if (!allows(principal, access.anyOf)) {
    const scopes = access.anyOf.map((scope) => `"${scope}"`).join(' or ');
    throw new Problem('insufficient-scope', `This needs the scope ${scopes}.`);
  }
}

/**
 * The browser sends a cookie by itself, also for other sites' pages. So it only reads, and only for our pages (rule 9).
 */
function assertMaySend(request: Request, ownSession: boolean): void {
  if (!reads(request) && !ownSession)
    throw new Problem('insufficient-scope', 'A session reads; to change something, send a token.');
  assertOwnPage(request);
}

function reads({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

function isBearer(request: Request, secret: string | undefined): boolean {
  if (secret === undefined) return false;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${secret}`));
}

/**
 * Turns what the strategies reported into one of our problems; their wording stays inside. Our own faults are rethrown.
 */
function refusalOf(reasons: readonly unknown[]): Error {
  const fault = reasons.find((reason) => reason instanceof Error && !isAboutToken(reason));
  if (fault) return fault as Error;
  if (reasons.some((reason) => reason instanceof jwt.TokenExpiredError))
    return new Problem('token-expired', 'The token has expired; ask for a new one.');
  return new Problem('token-invalid', 'The token was not issued here, or was changed.');
}

/** "No auth token" is what passport-jwt says where a strategy does not look for one. */
function isAboutToken(reason: Error): boolean {
  return reason instanceof jwt.JsonWebTokenError || reason.message === 'No auth token';
}
