// `node scripts/reliability/heavy-pages.mjs`: a process with a heap of 512 MB and a log of 3,000 events of 60 KB. 100
// readers of filtered streams ask for all of it and read nothing; beside them 12 requests at a time ask for
// `/v1/log?limit=1000`. It must live, and its memory stay bounded.
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Fleet, save } from './fleet.mjs';

const EVENTS = 3000;
const READERS = 100;
const REQUESTS = 12;
const ROUNDS = 5;

const FILL = `WITH filled AS (
  INSERT INTO events (position, tenant_id, seq, agent, type, at, source_key, data)
  SELECT n, 'heavy', n, 'heavy-agent', 'bot.said', now(), 'filled ' || n, '{"text":"' || repeat('words ', 10000) || n || '"}'
  FROM generate_series(1, $1::bigint) n)
  INSERT INTO tenant_heads (tenant_id, seq) VALUES ('heavy', $1)`;

const variables = { NODE_OPTIONS: '--max-old-space-size=512', LIMIT_REQUESTS_PER_SECOND: '100000' };
const fleet = await Fleet.start({ variables });
const [server] = fleet.servers;
let exited = false;
void server.exited.then(() => (exited = true));
const statuses = {};
const sockets = [];

try {
  const token = await fleet.createTenant('heavy', 'heavy-agent');
  await fleet.sql(FILL, [EVENTS]);
  await fleet.sql('UPDATE log_head SET position = $1', [EVENTS]);
  while ((await (await fetch(`${server.url}/readyz`)).json()).tail.behindSeconds > 1) await wait(200);
  const before = (await server.memory()).rss;
  for (let index = 0; index < READERS; index += 1) sockets.push(unread(token));
  await wait(3000);
  const withReaders = exited ? undefined : (await server.memory()).rss;
  let most = 0;
  for (let round = 0; round < ROUNDS && !exited; round += 1) {
    await Promise.all(Array.from({ length: REQUESTS }, () => read(token)));
    if (!exited) most = Math.max(most, (await server.memory()).rss);
  }
  const mb = (bytes) => (bytes === undefined ? null : Math.round(bytes / 2 ** 20));
  const figures = { lived: !exited, rssMb: { before: mb(before), withReaders: mb(withReaders), most: mb(most) }, statuses }; // prettier-ignore
  console.log(figures);
  save('heavy-pages', figures);
} finally {
  for (const socket of sockets) socket.destroy();
  await fleet.end();
}

function unread(token) {
  const socket = connect({ port: server.port, host: '127.0.0.1' }).pause();
  socket.on('error', () => undefined); // Cut as a reader that does not read, or ended with its server.
  socket.write(`GET /v1/events?agents=heavy-agent&after=0 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token}\r\n\r\n`); // prettier-ignore
  return socket;
}

async function read(token) {
  const answer = await fetch(`${server.url}/v1/log?limit=1000`, { headers: { authorization: `Bearer ${token}` } }).catch(() => undefined); // prettier-ignore
  await answer?.arrayBuffer().catch(() => undefined);
  const status = answer?.status ?? 'gone';
  statuses[status] = (statuses[status] ?? 0) + 1;
}
