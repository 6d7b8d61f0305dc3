/**
 * Reads the body after {@link AuthGuard} and before anything uses it, so we never read a body from an unknown caller. A
 * route that takes a body accepts only the media types that it understands; a route that takes none refuses one. A new
 * route needs no setting for this.
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
    // AuthGuard has not yet asked an unknown caller for a token, unless the route is open to everybody.
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
