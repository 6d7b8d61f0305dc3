// `node scripts/reliability/half-open.mjs [--clients 60]`: clients whose link goes dead without a FIN. Half of them
// have an event every second, a third of the rest ten, the others only pings. How long until the server knows (its list
// of connections), and what of them is left then. Needs root and network namespaces; says why it skips otherwise.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DeadLink, whyNoDeadLink } from './dead-link.mjs';
import { Fleet, save } from './fleet.mjs';
import { openLiveStream } from './sse-client.mjs';

const { values } = parseArgs({ options: { clients: { type: 'string' } } });
const CLIENTS = Number(values.clients ?? 60);
/** Events a second of each tenant, and the share of clients that read it. */
const TENANTS = { slow: { everyMs: 1000, share: 0.5 }, brisk: { everyMs: 100, share: 0.25 }, silent: { share: 0.25 } };
/** The bound that must hold for clients with traffic. */
const MOST_SECONDS = 35;
const GIVE_UP_MS = 100_000;
const CLIENT_SCRIPT = fileURLToPath(new URL('half-open-clients.mjs', import.meta.url));

const why = whyNoDeadLink();
if (why !== undefined) {
  console.log(`skipped: ${why}`);
  process.exit(0);
}

const link = new DeadLink();
const timers = [];
let clients;
let fleet;
let number = 0;
try {
  fleet = await Fleet.start({ variables: { HOST: '0.0.0.0' } });
  const [server] = fleet.servers;
  const tokens = [];
  let control;
  for (const [name, { everyMs, share }] of Object.entries(TENANTS)) {
    const token = await fleet.createTenant(name, `agent-${name}`);
    tokens.push(...Array.from({ length: Math.round(CLIENTS * share) }, () => token));
    if (name === 'slow') control = token;
    if (everyMs) timers.push(setInterval(() => void feed(name), everyMs));
  }
  // One of each goes first, so that what is made only once is not counted as the clients'.
  for (const token of new Set(tokens)) (await openLiveStream({ port: server.port, token })).destroy();
  await wait(2000);
  const before = await look(server);
  let controlFrames = 0;
  const healthy = await openLiveStream({ port: server.port, token: control }, () => (controlFrames += 1));
  const asked = { port: server.port, host: link.server, tokens: [...new Set(tokens)], counts: Object.values(TENANTS).map(({ share }) => Math.round(CLIENTS * share)) }; // prettier-ignore
  const [command, ...parameters] = link.onClient(process.execPath, CLIENT_SCRIPT, JSON.stringify(asked));
  clients = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(clients.stdout, 'data');
  await wait(3000);
  const open = await look(server);
  link.forward(false);
  const found = await untilFound(await far());
  const after = await look(server);
  const stillReads = healthy.readyState === 'open' && controlFrames > 0;
  healthy.destroy();
  report({ before, open, after, found, stillReads });
} finally {
  timers.forEach((timer) => clearInterval(timer));
  clients?.kill('SIGKILL');
  await fleet?.end();
  link.remove();
}

async function feed(name) {
  const event = { event: 'user.message', agent: `agent-${name}`, callId: `call-${name}`, messageId: `m${(number += 1)}`, text: 'hello' }; // prettier-ignore
  await fleet.api('POST', '/v1/ingest', event);
}

/** Connections from the client's machine, id → tenant. */
async function far() {
  const { connections } = await fleet.api('GET', '/v1/admin/connections');
  return new Map(connections.filter((one) => one.remoteAddress?.includes('198.18.')).map((one) => [one.id, one.tenant]));
} // prettier-ignore

/** Seconds until each was found, by tenant; Infinity for those that were not. */
async function untilFound(open) {
  const startedAt = performance.now();
  const found = Object.fromEntries(Object.keys(TENANTS).map((name) => [name, []]));
  while (open.size > 0 && performance.now() - startedAt < GIVE_UP_MS) {
    const left = await far();
    const seconds = (performance.now() - startedAt) / 1000;
    for (const [id, tenant] of open)
      if (!left.has(id)) {
        found[tenant].push(seconds);
        open.delete(id);
      }
    await wait(100);
  }
  for (const tenant of open.values()) found[tenant].push(Infinity);
  return found;
}

async function look(server) {
  const { heapUsed } = await server.memory();
  return { heapMb: heapUsed / 2 ** 20, handles: server.handles() };
}

function report({ before, open, after, found, stillReads }) {
  const rows = Object.entries(found).map(([tenant, seconds]) => {
    seconds.sort((one, other) => one - other);
    const at = (share) => Number(seconds[Math.floor((seconds.length - 1) * share)].toFixed(1));
    return { tenant, clients: seconds.length, 'first s': at(0), 'median s': at(0.5), 'last s': at(1) };
  });
  console.table(rows);
  console.log('before', before, 'open', open, 'after', after);
  const inTime = rows.filter(({ tenant }) => tenant !== 'silent').every((row) => row['last s'] <= MOST_SECONDS);
  const held = inTime && stillReads && after.handles <= before.handles + 1;
  console.log(held ? 'held' : 'NOT HELD', `(bar: ${MOST_SECONDS} s with traffic; the healthy one still reads: ${stillReads})`);
  save('half-open', { clients: CLIENTS, held, rows, before, open, after });
  process.exitCode = held ? 0 : 1;
} // prettier-ignore
