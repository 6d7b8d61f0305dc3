import express from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { COME_BACK, PORT, SWITCHBOARD, tokenOf } from '../session.js';

const app = express();
const HEADERS = ['content-type', 'cache-control', 'x-accel-buffering', 'retry-after'];

/** Proxy: the page reads `/events` of its own origin, and Switchboard need not be reachable for browsers. */
app.get('/events', async (request, response) => {
  const token = tokenOf(request.headers.cookie);
  if (!token) return response.sendStatus(401);
  const gone = new AbortController();
  response.on('close', () => gone.abort()); // The browser has left: Switchboard's stream ends, too.
  const after = request.get('Last-Event-ID');
  const upstream = await fetch(`${SWITCHBOARD}/events`, {
    headers: {
      Accept: 'text/event-stream',
      Authorization: `Bearer ${token}`,
      ...(after ? { 'Last-Event-ID': after } : {}),
    },
    signal: gone.signal,
  }).catch(() => null);
  if (!upstream) return response.type('text/event-stream').end(COME_BACK);
  response.status(upstream.status);
  for (const name of HEADERS) if (upstream.headers.has(name)) response.setHeader(name, upstream.headers.get(name));
  await pipeline(Readable.fromWeb(upstream.body), response).catch(() => response.destroy());
});

/** Redirect: the browser reads Switchboard itself, by a short-lived URL that each reconnect gets anew. */
app.get('/stream', async (request, response) => {
  const token = tokenOf(request.headers.cookie);
  if (!token) return response.sendStatus(401);
  const headers = { Authorization: `Bearer ${token}` };
  const minted = await fetch(`${SWITCHBOARD}/v1/stream-tokens`, { method: 'POST', headers }).catch(() => null);
  if (!minted) return response.type('text/event-stream').end(COME_BACK);
  if (!minted.ok) return response.sendStatus(minted.status);
  response.set('Cache-Control', 'no-store').redirect(307, (await minted.json()).url);
});

/** In place of a sign-in of your own. */
app.get('/sign-in/:user', (request, response) => {
  response.cookie('session', request.params.user, { httpOnly: true, sameSite: 'lax' }).redirect('/');
});
app.use(express.static(process.env.PAGE ?? fileURLToPath(new URL('../react-monitor/dist', import.meta.url))));

const server = app.listen(PORT, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
