import { ExecutionContext, SetMetadata, applyDecorators, createParamDecorator } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Actor } from '../audit/audit-log.js';
import type { TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { requestId } from '../common/request-id.js';
import { type Principal, SCOPES, type Scope } from './principal.js';

export const ACCESS = Symbol('access');

/** What a route asks of its caller. A route without it answers 403 to everybody. */
export type Access =
  | { readonly kind: 'public' }
  | {
      readonly kind: 'scopes';
      readonly anyOf: readonly Scope[];
      readonly stream: boolean;
      readonly metrics?: true;
      /** Open to views too, though it is not a GET: it starts a read of what they may see, and changes nothing. */
      readonly views?: true;
      /** The session's cookie is enough to write here: a session may end itself, and renew the token of its tabs. */
      readonly ownSession?: true;
    };

/** Open to everybody: health, documents. */
export const Public = () => SetMetadata(ACCESS, { kind: 'public' } satisfies Access);

/** Open to API tokens with any of these scopes. */
export const Scopes = (...anyOf: Scope[]) =>
  applyDecorators(
    SetMetadata(ACCESS, { kind: 'scopes', anyOf, stream: false } satisfies Access),
    ApiBearerAuth('bearer'),
  );

/** An event stream: open to stream tokens too, which may come as `?token=`. */
export const StreamScopes = (...anyOf: Scope[]) =>
  applyDecorators(
    SetMetadata(ACCESS, { kind: 'scopes', anyOf, stream: true } satisfies Access),
    ApiBearerAuth('bearer'),
  );

/** Like {@link Scopes}, and open to an admin's view of a tenant though it is not a GET. */
export const ViewableScopes = (...anyOf: Scope[]) =>
  applyDecorators(
    SetMetadata(ACCESS, { kind: 'scopes', anyOf, stream: false, views: true } satisfies Access),
    ApiBearerAuth('bearer'),
  );

/** Open to every token that works, and to a session's cookie though it is not a GET. */
export const OwnSession = () =>
  applyDecorators(
    SetMetadata(ACCESS, { kind: 'scopes', anyOf: SCOPES, stream: false, ownSession: true } satisfies Access),
    ApiBearerAuth('bearer'),
  );

/** Open to platform tokens with `admin`, and to the bearer of `METRICS_TOKEN`. */
export const OperatorAccess = () =>
  applyDecorators(
    SetMetadata(ACCESS, { kind: 'scopes', anyOf: ['admin'], stream: false, metrics: true } satisfies Access),
    ApiBearerAuth('bearer'),
  );

export const OWN_RATE = Symbol('own-rate');
/** Its handler counts the request by its content, so the guard does not count it as one request. */
export const OwnRate = () => SetMetadata(OWN_RATE, true);

export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal =>
  principalIn(context),
);

/** The caller, as the audit names it. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { tokenId, tenantId, person } = principalIn(context);
  const request = requestId(context.switchToHttp().getResponse<Response>());
  return { name: tokenId, person: person?.id ?? null, tenantId, requestId: request };
});

/** The caller's own tenant. A platform token has none: 403, never "all". */
export const CurrentTenant = createParamDecorator((_: unknown, context: ExecutionContext): TenantId =>
  tenantOf(principalIn(context)),
);

export function tenantOf(principal: Principal): TenantId {
  if (principal.tenantId === null) {
    throw new Problem('insufficient-scope', 'This path shows one tenant, and the token is not a tenant’s.');
  }
  return principal.tenantId;
}

function principalIn(context: ExecutionContext): Principal {
  const { user } = context.switchToHttp().getRequest<Request & { user?: Principal }>();
  if (user === undefined) throw new Problem('token-missing', 'Send a token as "Authorization: Bearer …".');
  return user;
}
