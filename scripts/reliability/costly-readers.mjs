// `node scripts/reliability/costly-readers.mjs [--events 1000000] [--seconds 20]`: one tenant with a long log looks
// through all of it for a type that is not there, in 12 loops of `/v1/log?types=zzz` and 12 streams that begin again
// when they have caught up. What that does to another tenant: its ingest at 50 events a second, one a request, and how
// soon a revoked token's stream ends. Alone and beside take turns.
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Fleet, save } from './fleet.mjs';
import { openLiveStream, openStream } from './sse-client.mjs';

const { values } = parseArgs({ options: { events: { type: 'string' }, seconds: { type: 'string' }, pairs: { type: 'string' } } }); // prettier-ignore
const events = Number(values.events ?? 1_000_000);
const seconds = Number(values.seconds ?? 20);
const pairs = Number(values.pairs ?? 2);
const LOOPS = 12;
const PER_SECOND = 50;
const WARM_UP_SECONDS = 5;

const FILL = `WITH head AS (SELECT position FROM log_head WHERE id = 1 FOR UPDATE), filled AS (
  INSERT INTO events (position, tenant_id, seq, agent, type, at, source_key, data)
  SELECT head.position + n, 'costly', n, 'costly-agent', 'bot.said', now(), 'filled ' || n,
    '{"text":"' || repeat('some words of what was said ', 10) || n || '","agent":"costly-agent"}'
  FROM head, generate_series(1, $1::bigint) n)
  INSERT INTO tenant_heads (tenant_id, seq) VALUES ('costly', $1)`;
const MOVE_HEAD = `UPDATE log_head SET position = (SELECT max(position) FROM events)`;

const fleet = await Fleet.start({ variables: { LIMIT_REQUESTS_PER_SECOND: '100000' } });
const { url, port } = fleet.servers[0];
let busy = false;
const looks = { answers: 0, refused: 0, caughtUp: 0, ended: 0 };

try {
  const costly = await fleet.createTenant('costly', 'costly-agent');
  await fleet.createTenant('other', 'other-agent');
  await fleet.sql(FILL, [events]);
  await fleet.sql(MOVE_HEAD);
  while ((await (await fetch(`${url}/readyz`)).json()).tail.behindSeconds > 1) await wait(200);
  await fleet.sql('ANALYZE events');
  const ends = [];
  const phases = [];
  await phase(false, WARM_UP_SECONDS);
  for (let pair = 0; pair < pairs; pair += 1) {
    phases.push(await phase(false, seconds));
    busy = true;
    ends.push(...Array.from({ length: LOOPS }, () => lookLoop(costly)), ...Array.from({ length: LOOPS }, () => streamLoop(costly))); // prettier-ignore
    phases.push(await phase(true, seconds));
    busy = false;
    await Promise.all(ends.splice(0));
  }
  console.table(phases);
  console.log('looks through', events, 'events:', looks);
  save('costly-readers', { events, seconds, phases, looks });
} finally {
  await fleet.end();
}

/** The other tenant's seconds. */
async function phase(beside, forSeconds) {
  const tookMs = [];
  const revokedMs = [];
  let failed = 0;
  const endsAt = performance.now() + forSeconds * 1000;
  const ingest = async () => {
    const sentAt = performance.now();
    const event = { event: 'user.message', agent: 'other-agent', messageId: `m${sentAt}`, text: 'hello' };
    await fleet.api('POST', '/v1/ingest', event).then(() => tookMs.push(performance.now() - sentAt), () => (failed += 1)); // prettier-ignore
  };
  const revokes = (async () => {
    for (; performance.now() < endsAt; await wait(500)) revokedMs.push(await revoke());
  })();
  const sending = [];
  for (let sent = 0; performance.now() < endsAt; sent += 1) {
    sending.push(ingest());
    await wait(Math.max(0, endsAt - forSeconds * 1000 + ((sent + 1) * 1000) / PER_SECOND - performance.now()));
  }
  await Promise.all([...sending, revokes]);
  const at = (list, share) => Math.round(list.sort((a, b) => a - b)[Math.floor((list.length - 1) * share)] * 10) / 10;
  return { beside, ingests: tookMs.length, failed, 'p50 ms': at(tookMs, 0.5), 'p99 ms': at(tookMs, 0.99), 'revoked, p50 ms': at(revokedMs, 0.5), 'worst ms': at(revokedMs, 1) }; // prettier-ignore
}

/** From the request that revokes a token to the end of its stream. */
async function revoke() {
  const asked = { name: 'revoked', scopes: ['events:read'] };
  const { id, token } = await fleet.api('POST', '/v1/admin/tenants/other/tokens', asked);
  let told = () => undefined;
  const closed = new Promise((resolve) => (told = resolve));
  const socket = await openLiveStream({ port, token }, (frame) => frame.includes('event: stream.closing') && told());
  const startedAt = performance.now();
  await fleet.api('DELETE', `/v1/admin/tokens/${id}`);
  await closed;
  socket.destroy();
  return performance.now() - startedAt;
}

async function lookLoop(token) {
  for (let after = 0; busy;) {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${url}/v1/log?types=zzz&after=${after}`, { headers }).catch(() => undefined);
    const body = await answer?.json();
    if (answer?.status === 200) after = body.live ? 0 : Number(body.next);
    else await wait(100);
    looks[answer?.status === 200 ? 'answers' : 'refused'] += 1;
  }
}

async function streamLoop(token) {
  while (busy) {
    const where = { port, token, lastEventId: '0', query: '?types=zzz' };
    let over = () => undefined;
    const ended = new Promise((resolve) => (over = resolve));
    const socket = openStream(where, (frame) => frame.includes('event: log.caught_up') && over((looks.caughtUp += 1)));
    socket.on('error', over).on('close', over);
    while (busy && (await Promise.race([ended.then(() => false), wait(100, true)])));
    socket.destroy();
  }
}
