import { COME_BACK, SWITCHBOARD, tokenOf } from '../../../session.js';

export const dynamic = 'force-dynamic';

/** Redirect: the browser reads Switchboard itself, by a short-lived URL that each reconnect gets anew. */
export async function GET(request) {
  const token = tokenOf(request.headers.get('cookie'));
  if (!token) return new Response(null, { status: 401 });
  const headers = { Authorization: `Bearer ${token}` };
  const minted = await fetch(`${SWITCHBOARD}/v1/stream-tokens`, { method: 'POST', headers, cache: 'no-store' }).catch(
    () => null,
  );
  if (!minted) return new Response(COME_BACK, { headers: { 'Content-Type': 'text/event-stream' } });
  if (!minted.ok) return new Response(null, { status: minted.status });
  const { url } = await minted.json();
  return new Response(null, { status: 307, headers: { Location: url, 'Cache-Control': 'no-store' } });
}
