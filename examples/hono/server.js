import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { proxy } from 'hono/proxy';
import { COME_BACK, PORT, SWITCHBOARD, tokenOf } from '../session.js';

const app = new Hono();
const comeBack = (context) => context.body(COME_BACK, 200, { 'Content-Type': 'text/event-stream' });

/** Proxy: the page reads `/events` of its own origin, and Switchboard need not be reachable for browsers. */
app.get('/events', async (context) => {
  const token = tokenOf(context.req.header('Cookie'));
  if (!token) return context.body(null, 401);
  return proxy(`${SWITCHBOARD}/events`, {
    headers: {
      Accept: 'text/event-stream',
      Authorization: `Bearer ${token}`,
      'Last-Event-ID': context.req.header('Last-Event-ID'), // Not sent when there is none.
    },
    signal: context.req.raw.signal, // The browser has left: Switchboard's stream ends, too.
  }).catch(() => comeBack(context));
});

/** Redirect: the browser reads Switchboard itself, by a short-lived URL that each reconnect gets anew. */
app.get('/stream', async (context) => {
  const token = tokenOf(context.req.header('Cookie'));
  if (!token) return context.body(null, 401);
  const headers = { Authorization: `Bearer ${token}` };
  const minted = await fetch(`${SWITCHBOARD}/v1/stream-tokens`, { method: 'POST', headers }).catch(() => null);
  if (!minted) return comeBack(context);
  if (!minted.ok) return context.body(null, minted.status);
  context.header('Cache-Control', 'no-store');
  return context.redirect((await minted.json()).url, 307);
});

serve({ fetch: app.fetch, port: PORT, hostname: '127.0.0.1' }, ({ port }) => console.log(`http://127.0.0.1:${port}`));
