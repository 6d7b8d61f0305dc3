/**
 * The dashboard's files: assets that never change under a name that does, and one document for every path of the page.
 */
import express, { type RequestHandler } from 'express';
import helmet from 'helmet';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Env } from '../config/env.js';

/** Where vite.config.mjs puts them; the same from `src/` (tests) and from `dist/`. */
const FOLDER = fileURLToPath(new URL('../../dist/dashboard/app', import.meta.url));
const INDEX = join(FOLDER, 'index.html');
/** The page's own paths: it routes below them by itself. */
const PAGE_PATH = /^\/(?:(?:live|calls|overview|inspector|tokens|admin)(?:\/.*)?)?$/;
/** All other paths belong to the API, its 404 included. A browser at an unknown address gets a page that says so. */
const API_PATH = /^\/(?:v1|docs|openapi|events|healthz|readyz|metrics|assets|favicon|\.well-known)(?:\W|$)/;
const ASSET_PATH = /^\/(?:assets\/|favicon\.svg$)/;
const HASHED_PATH = /^\/assets\/[\w-]+\.(?:js|css)$/;

/**
 * Only files of this origin, no inline script or style, no markup made from text (Trusted Types): a caller's words can
 * never become code, whatever mistake the page makes.
 */
const DIRECTIVES = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'media-src': ["'self'"],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
  'require-trusted-types-for': ["'script'"],
  'trusted-types': ["'none'"],
};

export function serveDashboard({ publicUrl }: Env): RequestHandler[] {
  const protect = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: DIRECTIVES },
    strictTransportSecurity: publicUrl.isSecure ? undefined : false,
  });
  const assets = express.static(FOLDER, { index: false, redirect: false, setHeaders: cacheByPath });
  return [
    only(PAGE_PATH, protect),
    only(PAGE_PATH, sendIndex(publicUrl.basePath)),
    only(HASHED_PATH, preferCompressed),
    notFoundPage(publicUrl.basePath, protect),
    only(ASSET_PATH, assets),
  ];
}

function notFoundPage(basePath: string, protect: RequestHandler): RequestHandler {
  const send = sendIndex(basePath);
  return (request, response, next) => {
    const isAddress = request.method === 'GET' && request.headers.accept?.startsWith('text/html') === true;
    if (!isAddress || API_PATH.test(request.path)) return next();
    protect(request, response, () => send(request, response.status(404), next));
  };
}

function only(path: RegExp, handler: RequestHandler): RequestHandler {
  return (request, response, next) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isRead && path.test(request.path)) return handler(request, response, next);
    next();
  };
}

/**
 * Caches must always ask again: the document names the assets of the running version. Its references are relative to
 * the root. Because it is served at many paths, the root is written out.
 */
function sendIndex(basePath: string): RequestHandler {
  return async (_request, response) => {
    const text = await readFile(INDEX, 'utf8');
    response
      .type('html')
      .setHeader('Cache-Control', 'no-cache')
      .end(text.replaceAll('="./', `="${basePath}/`));
  };
}

/** The build has compressed them (vite.config.mjs); `Vary` tells caches. */
const preferCompressed: RequestHandler = (request, response, next) => {
  response.vary('Accept-Encoding');
  if (request.acceptsEncodings('gzip', 'identity') === 'gzip') request.url = `${request.path}.gz`;
  next();
};

/** A name under assets/ carries the hash of what is in it. */
function cacheByPath(response: express.Response, path: string): void {
  const isHashed = path.includes('/assets/');
  if (path.endsWith('.gz')) response.setHeader('Content-Encoding', 'gzip').type(extname(path.slice(0, -3)));
  response.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
}
