/** Which parts of a request a handler's parameters read, from the framework's metadata (docs/framework.md). */
import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { Request } from 'express';
import { Problem } from './problem.js';

const readsOf = (kind: RouteParamtypes) => (context: ExecutionContext) => {
  const parameters: unknown = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name);
  return Object.keys(parameters ?? {}).some((key) => key.startsWith(`${kind}:`));
};

export const readsBody = readsOf(RouteParamtypes.BODY);
const readsQuery = readsOf(RouteParamtypes.QUERY);

/**
 * A route that reads no query accepts none: a field that nobody reads is the caller's mistake, and the caller is told
 * (docs/security-rules.md, rule 19). Throws `validation`. If a handler has a `@Query({ schema })`, that schema refuses.
 */
export function assertNoStrayQuery(context: ExecutionContext): void {
  const [field] = Object.keys(context.switchToHttp().getRequest<Request>().query);
  if (field === undefined || readsQuery(context)) return;
  const errors = [{ path: field.slice(0, 100), message: 'is not known here' }];
  throw new Problem('validation', 'The request is not valid.', { errors });
}
