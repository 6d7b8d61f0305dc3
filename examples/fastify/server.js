import Fastify from 'fastify';
import { Readable } from 'node:stream';
import { COME_BACK, PORT, SWITCHBOARD, tokenOf } from '../session.js';

const app = Fastify();
const HEADERS = ['content-type', 'cache-control', 'x-accel-buffering', 'retry-after'];

/** Proxy: the page reads `/events` of its own origin, and Switchboard need not be reachable for browsers. */
app.get('/events', async (request, reply) => {
  const token = tokenOf(request.headers.cookie);
  if (!token) return reply.code(401).send();
  const gone = new AbortController();
  reply.raw.on('close', () => gone.abort()); // The browser has left: Switchboard's stream ends, too.
  const after = request.headers['last-event-id'];
  const upstream = await fetch(`${SWITCHBOARD}/events`, {
    headers: {
      Accept: 'text/event-stream',
      Authorization: `Bearer ${token}`,
      ...(after ? { 'Last-Event-ID': after } : {}),
    },
    signal: gone.signal,
  }).catch(() => null);
  if (!upstream) return reply.type('text/event-stream').send(COME_BACK);
  for (const name of HEADERS) if (upstream.headers.has(name)) reply.header(name, upstream.headers.get(name));
  return reply.code(upstream.status).send(Readable.fromWeb(upstream.body));
});

/** Redirect: the browser reads Switchboard itself, by a short-lived URL that each reconnect gets anew. */
app.get('/stream', async (request, reply) => {
  const token = tokenOf(request.headers.cookie);
  if (!token) return reply.code(401).send();
  const headers = { Authorization: `Bearer ${token}` };
  const minted = await fetch(`${SWITCHBOARD}/v1/stream-tokens`, { method: 'POST', headers }).catch(() => null);
  if (!minted) return reply.type('text/event-stream').send(COME_BACK);
  if (!minted.ok) return reply.code(minted.status).send();
  return reply.header('Cache-Control', 'no-store').redirect((await minted.json()).url, 307);
});

console.log(await app.listen({ port: PORT, host: '127.0.0.1' }));
