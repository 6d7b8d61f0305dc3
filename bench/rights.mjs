/**
 * How soon a changed right affects an open stream: from revoking a token until its socket is closed, and from giving an
 * agent to another tenant until the first event under the new owner. One after the other, beside the streams that are
 * open already.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

/** Changes of each kind in a round. */
const CHANGES = 200;
/** A change without effect after this time is a fault, not a figure. */
const FELT_MS = 10_000;
const SIDES = ['rights-left', 'rights-right'];
const AGENT = 'rights-agent';

/** @param {import('./rounds.mjs').Visit} visit */
export async function measureRights({ subject, progress }) {
  const api = apiOf(subject);
  progress(`${CHANGES} tokens revoked while their streams are open`);
  await createSides(api);
  const revoked = await repeat(() => revocationMs(subject, api));
  progress(`${CHANGES} agents given to another tenant`);
  const transferred = await transfersMs(subject, api);
  return { ...figuresOf('revocation', revoked), ...figuresOf('transfer', transferred) };
}

async function createSides(api) {
  for (const tenant of SIDES) {
    const { status } = await api('GET', `/v1/admin/tenants/${tenant}`);
    if (status === 404) await api('POST', '/v1/admin/tenants', { tenant });
  }
  const { body } = await api('GET', `/v1/admin/agents?tenant=${SIDES[1]}`);
  if (body.agents.length > 0) await api('DELETE', `/v1/admin/agents/${AGENT}/owner`, { from: SIDES[1] });
  const { body: left } = await api('GET', `/v1/admin/agents?tenant=${SIDES[0]}`);
  if (left.agents.length === 0) await api('PUT', `/v1/admin/agents/${AGENT}/owner`, { tenant: SIDES[0], from: null });
}

/** From before the request that revokes until the socket is closed. */
async function revocationMs({ port }, api) {
  const { body } = await createToken(api, SIDES[0]);
  const stream = await openStream(port, body.token);
  const startedAt = performance.now();
  const [answer] = await Promise.all([api('DELETE', `/v1/admin/tokens/${body.id}`), within(once(stream.socket, 'close'))]);
  const tookMs = performance.now() - startedAt;
  if (answer.status !== 204 || !stream.text.includes('token-revoked')) throw new Error('a revoked stream said no why');
  return tookMs;
} // prettier-ignore

/** From before the request that transfers until the new owner has the first event of the next call. */
async function transfersMs({ port }, api) {
  const tokens = await Promise.all(SIDES.map(async (tenant) => (await createToken(api, tenant)).body.token));
  const streams = await Promise.all(tokens.map((token) => openStream(port, token)));
  let side = 0;
  const samples = await repeat(async (index) => {
    const [from, tenant] = [SIDES[side], SIDES[1 - side]];
    side = 1 - side;
    const startedAt = performance.now();
    const callId = `rights-${performance.timeOrigin + startedAt}-${index}`;
    const moved = await api('PUT', `/v1/admin/agents/${AGENT}/owner`, { tenant, from });
    if (moved.status !== 200) throw new Error(`a transfer answered ${moved.status}`);
    const event = { event: 'call.started', agent: AGENT, callId };
    await Promise.all([api('POST', '/v1/ingest', event), within(streams[side].until(callId))]);
    if (streams[1 - side].text.includes(callId)) throw new Error('the old owner got an event of the new one');
    return performance.now() - startedAt;
  });
  for (const { socket } of streams) socket.destroy();
  return samples;
}

const createToken = (api, tenant) =>
  api('POST', `/v1/admin/tenants/${tenant}/tokens`, { name: 'bench', scopes: ['events:read'], ttl: '1h' });

async function repeat(once) {
  const samples = [];
  for (let index = 0; index < CHANGES; index += 1) samples.push(await once(index));
  return samples.sort((one, other) => one - other);
}

function figuresOf(name, sorted) {
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
  return { [`${name}P50Ms`]: at(0.5), [`${name}P99Ms`]: at(0.99), [`${name}MaxMs`]: at(1) };
}

/** A stream on a raw socket, live when this resolves. */
async function openStream(port, token) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const stream = { socket, text: '', until: undefined };
  let awaited;
  stream.until = (text) =>
    new Promise((resolve) => {
      awaited = { text, resolve };
      look();
    });
  const look = () => awaited && stream.text.includes(awaited.text) && awaited.resolve();
  socket.setEncoding('utf8');
  socket.on('data', (text) => {
    stream.text = (stream.text + text).slice(-20_000);
    look();
  });
  socket.write(
    `GET /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  await within(stream.until('event: log.caught_up'));
  return stream;
}

async function within(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing happened for ${FELT_MS} ms`)), FELT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function apiOf({ port, ingestToken }) {
  return async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${ingestToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
}
