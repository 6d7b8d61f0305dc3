/** The HTTP side of the app, the same for the server and for the tests. */
import type { NestApplicationOptions, Type } from '@nestjs/common';
import type { CorsOptions } from '@nestjs/common/interfaces/external/cors-options.interface.js';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import express, { type RequestHandler } from 'express';
import helmet from 'helmet';
import { AppModule } from './app.module.js';
import { ProblemFilter } from './common/problem.filter.js';
import { assignRequestId } from './common/request-id.js';
import { validationPipe } from './common/validation.js';
import type { Env } from './config/env.js';
import { StreamAdmission } from './events/stream-admission.js';
import { StreamingExpressAdapter } from './http-adapter.js';

/** Largest body of a management request, and of an ingest request. */
const MAX_BODY = '256kb';
const MAX_INGEST_BODY = '8mb';

const STREAM_PATH = /^\/(v1\/)?(agents\/[^/]+\/|calls\/[^/]+\/|admin\/)?events(\/|$)/;

/** The whole application, ready to listen. Throws when the configuration cannot work or the database is away. */
export async function createApp(
  env: Env,
  databaseUrl: string,
  options: NestApplicationOptions = {},
  extraModules: readonly Type[] = [],
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot(env, databaseUrl, extraModules),
    new StreamingExpressAdapter(),
    {
      ...options,
      bodyParser: false,
      abortOnError: false,
    },
  );
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('trust proxy', env.trustProxy);
  app.use(assignRequestId);
  app.use(pageHeaders(env));
  app.use(streamAdmission(app.get(StreamAdmission)));
  if (env.corsOrigins.length > 0) app.enableCors(corsFor(env));
  app.use('/v1/ingest', express.text({ type: ['application/json', 'application/x-ndjson'], limit: MAX_INGEST_BODY }));
  app.use(express.json({ limit: MAX_BODY }));
  app.useGlobalPipes(validationPipe);
  app.useGlobalFilters(new ProblemFilter());
  SwaggerModule.setup('docs', app, () => describe(app), { jsonDocumentUrl: 'openapi.json' });
  return app;
}

/** Pages of these origins may call with a token; cookies stay with pages of our own. */
function corsFor({ corsOrigins }: Env): CorsOptions {
  return { origin: [...corsOrigins], credentials: false, maxAge: 600, exposedHeaders: ['X-Request-Id', 'Retry-After'] };
}

/** Headers for what a browser may show. A stream is never shown, and would keep them in memory for as long as it lives. */
function pageHeaders({ publicUrl }: Env): RequestHandler {
  const protect = helmet({
    contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } },
    strictTransportSecurity: publicUrl.startsWith('https:') ? undefined : false,
  });
  return (request, response, next) => {
    if (!STREAM_PATH.test(request.path)) return protect(request, response, next);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    next();
  };
}

function streamAdmission(admission: StreamAdmission): RequestHandler {
  return (request, response, next) => {
    if (request.method === 'GET' && STREAM_PATH.test(request.path)) admission.admit(request, response, next);
    else next();
  };
}

function describe(app: NestExpressApplication) {
  const document = new DocumentBuilder()
    .setTitle('Switchboard')
    .setDescription('The multi-tenant event API for Pinecall voice agents.')
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'bearer')
    .build();
  return SwaggerModule.createDocument(app, document);
}
