/** The HTTP side of the app, the same for the server and for the tests. */
import type { NestApplicationOptions, Type } from '@nestjs/common';
import type { CorsOptions } from '@nestjs/common/interfaces/external/cors-options.interface.js';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { AppModule } from './app.module.js';
import { sessionCookieName } from './auth/sign-in/session-cookie.js';
import { ProblemFilter } from './common/problem.filter.js';
import { assignRequestId } from './common/request-id.js';
import { validationPipe } from './common/validation.js';
import type { Env } from './config/env.js';
import { openApiOf } from './contract/openapi.js';
import { HttpModule } from './http/http.module.js';
import { opensInTime } from './http/stream-deadline.js';
import { StreamingExpressAdapter } from './http-adapter.js';

const STREAM_PATH = /^\/(v1\/)?(agents\/[^/]+\/|calls\/[^/]+\/|admin\/)?events(\/|$)/;

/**
 * The whole application, ready to listen. Throws if the configuration cannot work or the database cannot be reached.
 */
export async function createApp(
  env: Env,
  databaseUrl: string,
  options: NestApplicationOptions = {},
  extraModules: readonly Type[] = [],
): Promise<NestExpressApplication> {
  const adapter = new StreamingExpressAdapter((target) => env.publicUrl.ownTarget(target));
  const http = HttpModule.forRoot(adapter.sockets, adapter.answers);
  // Bodies are read after the guard, see auth/body.guard.ts.
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot(env, databaseUrl, http, extraModules),
    adapter,
    { ...options, bodyParser: false, abortOnError: false },
  );
  app.disable('x-powered-by');
  // An answer that must not be cached needs no ETag.
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.set('trust proxy', env.trustProxy);
  app.use(assignRequestId);
  app.use(pageHeaders(env));
  if (env.corsOrigins.length > 0) app.enableCors(corsFor(env));
  app.useGlobalPipes(validationPipe);
  app.useGlobalFilters(new ProblemFilter());
  const { publicUrl } = env;
  const describe = () => openApiOf(app, publicUrl.basePath, sessionCookieName(publicUrl));
  SwaggerModule.setup('docs', app, describe, { jsonDocumentUrl: 'openapi.json' });
  return app;
}

/** Pages of these origins may call with a token. Cookies are for our own pages only. */
function corsFor({ corsOrigins }: Env): CorsOptions {
  return { origin: [...corsOrigins], credentials: false, maxAge: 600, exposedHeaders: ['X-Request-Id', 'Retry-After'] };
}

/**
 * Headers for answers that a browser may display. A stream is never displayed, and would keep them in memory for its
 * whole life.
 */
function pageHeaders({ publicUrl }: Env): RequestHandler {
  const protect = helmet({
    contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } },
    strictTransportSecurity: publicUrl.isSecure ? undefined : false,
  });
  return (request, response, next) => {
    if (!STREAM_PATH.test(request.path)) return protect(request, response, next);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    opensInTime(request, response, next);
  };
}
