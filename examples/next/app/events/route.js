import { COME_BACK, SWITCHBOARD, tokenOf } from '../../../session.js';

export const dynamic = 'force-dynamic';
const HEADERS = ['content-type', 'cache-control', 'x-accel-buffering', 'retry-after'];

/** Proxy: the page reads `/events` of its own origin, and Switchboard need not be reachable for browsers. */
export async function GET(request) {
  const token = tokenOf(request.headers.get('cookie'));
  if (!token) return new Response(null, { status: 401 });
  const after = request.headers.get('last-event-id');
  const upstream = await fetch(`${SWITCHBOARD}/events`, {
    headers: {
      Accept: 'text/event-stream',
      Authorization: `Bearer ${token}`,
      ...(after ? { 'Last-Event-ID': after } : {}),
    },
    signal: request.signal, // The browser has left: Switchboard's stream ends, too.
    cache: 'no-store',
  }).catch(() => null);
  if (!upstream) return new Response(COME_BACK, { headers: { 'Content-Type': 'text/event-stream' } });
  const headers = HEADERS.flatMap((name) => (upstream.headers.has(name) ? [[name, upstream.headers.get(name)]] : []));
  return new Response(upstream.body, { status: upstream.status, headers });
}
