/**
 * Reads the body, after {@link AuthGuard} and before anything that uses it: nothing of a stranger's body is read. A route that
 * takes a body takes it in the types that it understands; one that takes none is sent none. A new route needs nothing for it.
 */
import { CanActivate, ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { Problem } from '../common/problem.js';
import { readsBody } from '../common/route-arguments.js';
import { BODY_RULE, Bodies, type BodyRule, JSON_BODY, hasBody } from '../http/bodies.js';
import { ACCESS, type Access } from './auth.decorators.js';
import type { Principal } from './principal.js';

@Injectable()
export class BodyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly bodies: Bodies,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request & { user?: Principal }>();
    if (!hasBody(request)) return true;
    const targets = [context.getHandler(), context.getClass()];
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, targets);
    // Whoever comes here without being known has not been asked yet, unless nobody is.
    if (request.user === undefined && access?.kind !== 'public')
      throw new Problem('token-missing', 'Send a token as "Authorization: Bearer …".');
    const rule =
      this.reflector.get<BodyRule | undefined>(BODY_RULE, context.getHandler()) ??
      (readsBody(context) ? JSON_BODY : undefined);
    if (rule === undefined) throw new Problem('validation', 'This path takes no body.');
    await this.bodies.read(request, http.getResponse<Response>(), rule, request.user);
    return true;
  }
}
