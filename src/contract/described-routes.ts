/** The descriptions that handlers give, by the ids of their operations. */
import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ACCESS, type Access } from '../auth/auth.decorators.js';
import { OPERATION, type OperationSpec } from '../common/operation.js';

export interface DescribedRoute {
  readonly spec: OperationSpec;
  /** Undefined: closed to everybody. */
  readonly access: Access | undefined;
}

/** From all controllers. If two have one id, the first counts. */
export function describedRoutes(app: INestApplication): Map<string, DescribedRoute> {
  const routes = new Map<string, DescribedRoute>();
  for (const module of app.get(ModulesContainer).values())
    for (const { metatype } of module.controllers.values())
      for (const handler of handlersOf(metatype)) {
        const spec = Reflect.getMetadata(OPERATION, handler) as OperationSpec | undefined;
        if (spec === undefined || routes.has(spec.id)) continue;
        const access: unknown = Reflect.getMetadata(ACCESS, handler) ?? Reflect.getMetadata(ACCESS, metatype ?? {});
        routes.set(spec.id, { spec, access: access as Access | undefined });
      }
  return routes;
}

function handlersOf(controller: unknown): object[] {
  if (typeof controller !== 'function') return [];
  const prototype = controller.prototype as Record<string, unknown>;
  return Object.getOwnPropertyNames(prototype)
    .filter((name) => name !== 'constructor')
    .map((name) => prototype[name])
    .filter((member) => typeof member === 'function');
}
