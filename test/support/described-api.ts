/** The documents of the API, made without a database: the app is put together and never started. */
import type { OpenAPIObject } from '@nestjs/swagger';
import { createApp } from '../../src/app.setup.js';
import { sessionCookieName } from '../../src/auth/sign-in/session-cookie.js';
import { readEnv } from '../../src/config/env.js';
import { openApiOf } from '../../src/contract/openapi.js';

export interface DescribedOperation {
  readonly operationId: string;
  readonly summary?: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: Record<string, Content> };
  readonly responses: Record<string, { readonly $ref?: string; readonly content?: Record<string, Content> }>;
  readonly security?: readonly Record<string, readonly string[]>[];
}

interface Content {
  readonly schema: Record<string, unknown>;
  readonly example?: unknown;
}

export async function describeApi(): Promise<OpenAPIObject> {
  const env = readEnv({ PORT: '0', SOURCES: 'none', PUBLIC_URL: 'http://switchboard.test', DATA_DIR: '/nowhere' });
  const app = await createApp(env, 'postgres://nobody@127.0.0.1:1/none', { logger: false, preview: true });
  try {
    return openApiOf(app, '', sessionCookieName(env.publicUrl));
  } finally {
    await app.close().catch(() => undefined); // What was never started has nothing to close.
  }
}

/** With their method and path. */
export function operationsIn(document: OpenAPIObject): (DescribedOperation & { readonly name: string })[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, DescribedOperation>).map(([method, operation]) => ({
      ...operation,
      name: `${method.toUpperCase()} ${path}`,
    })),
  );
}
