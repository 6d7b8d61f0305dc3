/**
 * Who may call an operation, in OpenAPI's terms: by scope, and by the credentials that work there (docs/protocol.md,
 * section 2).
 */
import type { Access } from '../auth/auth.decorators.js';

export const securitySchemes = (sessionCookie: string) => ({
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'An API token, or a token of the operator’s identity provider. One of the scopes that stand beside it is needed.',
  },
  streamToken: {
    type: 'apiKey',
    in: 'query',
    name: 'token',
    description: 'A stream token (`POST /v1/stream-tokens`): it opens event streams.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: sessionCookie,
    description: 'The cookie of `POST /v1/session`: it reads, for pages of the same origin.',
  },
  metricsToken: { type: 'http', scheme: 'bearer', description: '`METRICS_TOKEN` of the configuration.' },
});

/** Any one of these is enough. */
export function securityOf(access: Access | undefined, method: string): readonly Record<string, readonly string[]>[] {
  if (access === undefined || access.kind === 'public') return [];
  const { anyOf, stream, metrics, ownSession } = access;
  return [
    ...anyOf.map((scope) => ({ bearer: [scope] })),
    ...(stream ? [{ streamToken: [] }] : []),
    ...(method === 'get' || ownSession ? [{ session: [] }] : []),
    ...(metrics ? [{ metricsToken: [] }] : []),
  ];
}
