/** Serves the route handlers of examples/next, which speak Request and Response, as Next would: by path and method. */
import { serve } from '@hono/node-server';
import * as events from '../../examples/next/app/events/route.js';
import * as stream from '../../examples/next/app/stream/route.js';

const routes = { '/events': events, '/stream': stream };

function fetch(request) {
  const handler = routes[new URL(request.url).pathname]?.[request.method];
  return handler ? handler(request) : new Response(null, { status: 404 });
}

serve({ fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' }, ({ port }) =>
  console.log(`http://127.0.0.1:${port}`),
);
