/** What a handler's parameters read of a request, as the framework notes it (docs/framework.md). */
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
 * A route that reads no query takes none: a field that nobody reads is a mistake of the caller's, and is said
 * (docs/security-rules.md, rule 19). Throws `validation`. Where a handler has a `@Query({ schema })`, that schema refuses.
 */
export function assertNoStrayQuery(context: ExecutionContext): void {
  const [field] = Object.keys(context.switchToHttp().getRequest<Request>().query);
  if (field === undefined || readsQuery(context)) return;
  const errors = [{ path: field.slice(0, 100), message: 'is not known here' }];
  throw new Problem('validation', 'The request is not valid.', { errors });
}
