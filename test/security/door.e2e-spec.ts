/**
 * Security rules 23 and 24 at the door: what anybody can send costs nobody else anything, and what was allotted comes
 * back.
 */
import type { Socket } from 'node:net';
import { RawClient } from '../support/raw-client.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const STREAM = '/v1/events';

let board: Switchboard;
const clients: RawClient[] = [];
beforeAll(async () => {
  board = await Switchboard.start({ LIMIT_INGEST_BYTES_PER_SECOND: '100000000' });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.reset();
});
afterAll(() => board.stop());

async function connect(): Promise<RawClient> {
  const client = await RawClient.open(board.url);
  clients.push(client);
  return client;
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

async function streamsOpen(): Promise<void> {
  const { token } = await board.createTenant();
  const reader = await board.open(STREAM, { token });
  await reader.untilType('connected');
  reader.close();
}

interface Streams {
  readonly streams: { readonly state: string; readonly open: number; readonly opening: number };
}

async function nothingHeld(): Promise<void> {
  await waitFor(async () => {
    const { body } = await board.request<Streams>('GET', '/readyz');
    return body.streams.open === 0 && body.streams.opening === 0 && body.streams.state === 'up';
  }, 'every place to be given back');
}

describe('streams go on opening', () => {
  it.each([
    ['by anybody, behind a file that is not read', '/docs/swagger-ui-bundle.js', () => Promise.resolve({})],
    ['by a customer, behind a stream', STREAM, async () => bearer((await board.createTenant()).token)],
  ])('after a hundred were asked for on one connection %s, which is then reset', async (_, path, headersOf) => {
    const headers: Record<string, string> = await headersOf();
    const client = await connect();
    client.send(RawClient.head('GET', path, headers));
    await client.until(({ text }) => text.includes('200 OK'), 'the first answer');
    client.socket.pause();
    client.send(RawClient.head('GET', STREAM, headers).repeat(100));
    await board.request('GET', '/healthz'); // It has been read by then.
    client.reset();
    await streamsOpen();
    await nothingHeld();
  });

  it('while a hundred strangers announce a body and send none', async () => {
    const strangers = await Promise.all(Array.from({ length: 100 }, connect));
    for (const stranger of strangers)
      stranger.send(RawClient.head('GET', STREAM, { 'Content-Type': 'application/json', 'Content-Length': 10 }));
    await streamsOpen();
    for (const stranger of strangers)
      await stranger.until(({ statuses }) => statuses[0] === 401, 'a refusal that waits for no body');
  });
});

describe('requests on one connection', () => {
  it('are served one after another: a second stream waits for the first', async () => {
    const { token } = await board.createTenant();
    const client = await connect();
    client.send(RawClient.head('GET', '/v1/me', bearer(token)).repeat(2));
    await client.until(({ statuses }) => statuses.length === 2, 'both answers');
    client.send(RawClient.head('GET', STREAM, bearer(token)).repeat(3));
    await client.until(({ text }) => text.includes('event: connected'), 'a greeting');
    const other = await board.open(STREAM, { token });
    await other.untilType('connected');
    const { body } = await board.request<Streams>('GET', '/readyz');
    expect(body.streams).toEqual({ state: 'up', open: 2, opening: 0 });
    other.close();
  });

  it('that nobody waits for end it', async () => {
    const { token } = await board.createTenant();
    const client = await connect();
    client.send(RawClient.head('GET', STREAM, bearer(token)).repeat(20));
    await client.until(({ closed }) => closed, 'the end of the connection');
    await nothingHeld();
  });
});

describe('a body', () => {
  const stalled = (bytes: number, headers: Record<string, string | number>) =>
    RawClient.head('POST', '/v1/ingest', { 'Content-Type': 'application/json', 'Content-Length': bytes, ...headers });

  it('of a stranger is not waited for', async () => {
    const client = await connect();
    client.send(`${stalled(8_000_000, {})}[${' '.repeat(60_000)}`);
    await client.until(({ statuses }) => statuses[0] === 401, 'a refusal');
  });

  it('is charged to its tenant before it is read, and given back with its connection', async () => {
    const agent = fresh('mara');
    const [acme, globex] = [
      await board.createTenant({ agents: [agent], scopes: ['events:write'] }),
      await board.createTenant({ scopes: ['events:write'] }),
    ];
    const senders = await Promise.all(Array.from({ length: 9 }, connect));
    for (const sender of senders) sender.send(stalled(2_000_000, bearer(acme.token)));
    const refused = await waitFor(() => senders.find(({ statuses }) => statuses[0] === 429), 'one that is too many');
    expect(refused.text).toMatch(/\r\nRetry-After: 1\r\n/);
    expect(senders.filter(({ statuses }) => statuses.length > 0)).toEqual([refused]);
    const body = { event: 'x', agent };
    const send = (token: string) => board.request('POST', '/v1/ingest', { token, body });
    expect((await send(globex.token)).status).toBe(400);
    for (const sender of senders) sender.reset();
    await waitFor(async () => (await send(acme.token)).status === 200, 'room again');
  });

  it('that is too many bytes a second is refused before it is read, and costs nothing when it never comes', async () => {
    const agent = fresh('mara');
    const { id, token } = await board.createTenant({ agents: [agent], scopes: ['events:write'] });
    await board.admin('PATCH', `/v1/admin/tenants/${id}`, { limits: { ingestBytesPerSecond: 20_000 } });
    const [first, second] = [await connect(), await connect()];
    first.send(stalled(90_000, bearer(token)));
    second.send(stalled(90_000, bearer(token)));
    await waitFor(() => first.statuses[0] ?? second.statuses[0], 'a refusal of one, whose body has not come');
    const [refused, waiting] = first.statuses.length > 0 ? [first, second] : [second, first];
    expect(refused.text).toMatch(/^HTTP\/1\.1 429 .*\r\nRetry-After: \d+\r\n.*20000 bytes a second/s);
    expect(waiting.statuses).toEqual([]);
    waiting.reset();
    const body = { event: 'x', agent, text: 'x'.repeat(50_000) };
    const send = () => board.request('POST', '/v1/ingest', { token, body });
    expect((await waitFor(async () => [await send()].find(({ status }) => status === 200), 'room again')).status).toBe(
      200,
    );
  });

  it('is asked for when it is read, of who waits for that: what is refused is never sent', async () => {
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent], scopes: ['events:write'] });
    const body = JSON.stringify({ event: 'x', agent });
    const ask = async (length: number, credential: object, type = 'application/json') => {
      const client = await connect();
      const headers = { 'Content-Type': type, 'Content-Length': length, Expect: '100-continue', ...credential };
      client.send(RawClient.head('POST', '/v1/ingest', headers));
      await client.until(({ statuses }) => statuses.length > 0, 'an answer');
      return client;
    };
    expect((await ask(body.length, {})).statuses).toEqual([401]);
    expect((await ask(3_000_000, bearer(token))).statuses).toEqual([413]);
    expect((await ask(body.length, bearer(token), 'text/plain')).statuses).toEqual([415]);
    const client = await ask(body.length, bearer(token));
    expect(client.statuses).toEqual([100]);
    client.send(body);
    await client.until(({ statuses }) => statuses[1] === 200, 'its events to be taken');
  });

  it('of a tenant is 2 MB at most, of the platform 8', async () => {
    const { token } = await board.createTenant({ scopes: ['events:write'] });
    const body = `[${' '.repeat(3 * 1024 * 1024)}]`;
    const theirs = await board.request('POST', '/v1/ingest', { token, body });
    expect([theirs.status, theirs.body['type']]).toEqual([413, '/problems/payload-too-large']);
    const ours = await board.request('POST', '/v1/ingest', { token: board.adminToken, body });
    expect(ours.body).toMatchObject({ detail: 'The body holds no event.' });
  });
});

describe('strangers', () => {
  it('who say nothing are cut beyond a number for each address, the oldest first', async () => {
    const idle = await Promise.all(Array.from({ length: 140 }, connect));
    await waitFor(() => idle.filter(({ closed }) => closed).length >= 12, 'those beyond the number');
    await streamsOpen();
  });
});

describe('a refused body', () => {
  const BYTES = 4_000_000;
  const post = RawClient.head('POST', '/v1/ingest', { 'Content-Type': 'application/json', 'Content-Length': BYTES });

  it('is taken at a pace, however many are sent at once: each client has its answer long before', async () => {
    const sockets: Socket[] = [];
    const note = (socket: Socket) => void sockets.push(socket);
    board.app.getHttpServer().on('connection', note);
    const strangers = await Promise.all(Array.from({ length: 40 }, connect));
    for (const stranger of strangers) stranger.send(post + 'x'.repeat(BYTES - 1));
    for (const stranger of strangers) await stranger.until(({ statuses }) => statuses[0] === 401, 'its answer');
    const taken = sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
    board.app.getHttpServer().off('connection', note);
    expect(taken).toBeLessThan((strangers.length * BYTES) / 2);
  });

  it('is taken whole, and its connection goes on', async () => {
    const stranger = await connect();
    stranger.send(post + 'x'.repeat(BYTES) + RawClient.head('GET', '/healthz'));
    await stranger.until(({ statuses }) => statuses.length === 2, 'both answers');
    expect(stranger.statuses).toEqual([401, 200]);
  });
});
