import { connect, type Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TokenFiles } from '../../src/auth/tokens/token-files.js';
import { Bus } from '../../src/bus/bus.js';
import { EventTail } from '../../src/events/live/event-tail.js';
import { OpenStreams } from '../../src/events/streams/open-streams.js';
import { Broker, withBroker } from '../support/brokers.js';
import { query } from '../support/database.js';
import { Metrics } from '../support/metrics.js';
import { Switchboard } from '../support/switchboard.js';
import { waitFor } from '../support/wait-for.js';

const fresh = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;
const message = (agent: string, callId: string, n: number) => ({
  event: 'user.message',
  agent,
  callId,
  messageId: `m${n}`,
  text: `text ${n}`,
});

const buses = ['postgres', 'nats', 'redis'] as const;

describe.each(buses.filter((bus) => bus === 'postgres' || withBroker(bus)))('two processes, their bus %s', (bus) => {
  let broker: Broker | undefined;
  let one: Switchboard;
  let two: Switchboard;
  beforeAll(async () => {
    broker = bus === 'postgres' ? undefined : await Broker.start(bus);
    const variables: Record<string, string> = broker === undefined ? {} : { BUS_URL: broker.url };
    one = await Switchboard.start(variables);
    two = await one.beside(variables);
    for (const board of [one, two]) await waitFor(() => board.app.get(Bus).connected, 'the bus');
  });
  afterAll(async () => {
    await two.stop();
    await one.stop();
    await broker?.stop();
  });

  it('behave as one: what either takes in reaches the readers of both, once and in order', async () => {
    const agent = fresh('mara');
    const { token } = await one.createTenant({ agents: [agent] });
    const readers = await Promise.all([one, two].map((board) => board.open('/events', { token })));
    for (const reader of readers) await reader.untilType('log.caught_up');
    const feed = async (board: Switchboard, from: number) => {
      for (let n = from; n < from + 300; n += 3)
        await board.ingest(...[n, n + 1, n + 2].map((m) => message(agent, `call-${from}`, m)));
    };
    await Promise.all([feed(one, 0), feed(two, 1000)]);
    for (const reader of readers) {
      await reader.untilType('user.message', 600);
      expect(reader.events.map(({ id }) => Number(id))).toEqual(Array.from({ length: 600 }, (_, index) => index + 1));
      for (const call of ['call-0', 'call-1000']) {
        const ofCall = reader.events
          .filter(({ data }) => data['callId'] === call)
          .map(({ data }) => Number(String(data['messageId']).slice(1)));
        expect(ofCall).toEqual([...ofCall].sort((a, b) => a - b));
      }
    }
  });

  it('carry ephemeral events to each other’s readers, never past a durable one of their call', async () => {
    const agent = fresh('mara');
    const call = fresh('call');
    const { token } = await one.createTenant({ agents: [agent] });
    const reader = await two.open('/events', { token });
    await reader.untilType('log.caught_up');
    for (let turn = 0; turn < 20; turn++) {
      const messageId = `b${turn}`;
      await one.ingest(
        { event: 'bot.speaking', agent, callId: call, messageId, text: '' },
        { event: 'bot.word', agent, callId: call, messageId, word: 'a', wordIndex: 0 },
        { event: 'bot.word', agent, callId: call, messageId, word: 'b', wordIndex: 1 },
        { event: 'bot.finished', agent, callId: call, messageId },
      );
    }
    await reader.untilType('bot.finished', 20);
    expect(reader.of('bot.word').length).toBeGreaterThan(0);
    let speaking: unknown;
    for (const { type, data } of reader.events) {
      if (type === 'bot.speaking') speaking = data['messageId'];
      if (type === 'bot.word') expect(data['messageId']).toBe(speaking);
      if (type === 'bot.finished') speaking = undefined;
    }
  });

  it('both end a stream within a second of a revocation or suspension at either', async () => {
    const { token, tokenId, id } = await one.createTenant();
    const other = await one.createToken(id);
    const revoked = await two.open('/events', { token });
    const suspended = await two.open('/events', { token: other.token });
    await Promise.all([revoked.untilType('log.caught_up'), suspended.untilType('log.caught_up')]);
    const started = Date.now();
    await one.admin('DELETE', `/v1/admin/tokens/${tokenId}`);
    expect((await revoked.untilType('stream.closing')).data).toMatchObject({ type: '/problems/token-revoked' });
    await one.admin('PATCH', `/v1/admin/tenants/${id}`, { status: 'suspended' });
    expect((await suspended.untilType('stream.closing')).data).toMatchObject({ type: '/problems/tenant-suspended' });
    expect(Date.now() - started).toBeLessThan(1000);
  });

  it('find what the bus lost by themselves', async () => {
    const agent = fresh('mara');
    const { token } = await one.createTenant({ agents: [agent] });
    const reader = await two.open('/events', { token });
    await reader.untilType('log.caught_up');
    // The listening connections are cut, or the broker is gone; what is committed before they are back reaches nobody's
    // ear.
    if (broker) await broker.kill({ wipe: true });
    else
      await query(
        one.databaseUrl,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'switchboard-listen' AND datname = current_database()`,
      );
    const started = Date.now();
    await one.ingest(message(agent, 'lost', 1), message(agent, 'lost', 2));
    await reader.untilType('user.message', 2);
    expect(Date.now() - started).toBeLessThan(2500);
    await broker?.restart();
    await waitFor(() => one.app.get(Bus).connected && two.app.get(Bus).connected, 'the bus again');
    expect(reader.events.map(({ id }) => id)).toEqual(['1', '2']);
    expect(two.app.get(EventTail).position).toBe(one.app.get(EventTail).position);
  });

  it('hand an agent over within a second: both owners are told, and its next call is the new one’s', async () => {
    const agent = fresh('mara');
    const [before, after] = [await one.createTenant({ agents: [agent] }), await one.createTenant()];
    const [losing, gaining] = [
      await two.open('/events', { token: before.token }),
      await two.open('/events', { token: after.token }),
    ];
    for (const reader of [losing, gaining]) await reader.untilType('log.caught_up');
    const started = Date.now();
    await one.assign(agent, after.id, before.id);
    await losing.untilType('agents.changed');
    await gaining.untilType('agents.changed');
    expect(Date.now() - started).toBeLessThan(1000);
    await one.ingest(message(agent, fresh('call'), 1));
    await gaining.untilType('user.message');
    expect(losing.of('user.message')).toEqual([]);
  });
});

describe('a reader that does not read', () => {
  it('costs at most 512 KiB and is cut within 30 s, while others notice nothing and get everything', async () => {
    const board = await Switchboard.start();
    const sockets: Socket[] = [];
    board.app.getHttpServer().on('connection', (socket: Socket) => sockets.push(socket));
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent] });
    const { hostname, port } = new URL(board.url);
    const stuck = connect(Number(port), hostname);
    stuck.on('error', () => undefined); // It is meant to be cut.
    stuck.write(`GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await new Promise((resolve) => stuck.once('data', resolve));
    stuck.pause();
    const reader = await board.open('/events', { token });
    await reader.untilType('log.caught_up');
    const connections = board.app.get(OpenStreams);
    expect(connections.all.size).toBe(2);
    let sent = 0;
    let [mostPending, mostBehind, mostWaiting] = [0, 0, 0];
    const send = async () => {
      const text = 'x'.repeat(60_000);
      await board.ingest(...Array.from({ length: 20 }, () => ({ ...message(agent, 'big', sent++), text })));
      mostPending = Math.max(mostPending, ...sockets.map((socket) => socket.writableLength));
      const metrics = await Metrics.of(board);
      mostBehind = Math.max(mostBehind, metrics.count('switchboard_streams_behind'));
      mostWaiting = Math.max(mostWaiting, metrics.count('switchboard_streams_pending_bytes'));
    };
    for (let batch = 0; batch < 20; batch++) await send(); // More than any kernel buffers.
    expect(mostBehind).toBeGreaterThanOrEqual(1);
    expect(mostWaiting).toBeGreaterThan(64 * 1024);
    const stalledAt = Date.now();
    await waitFor(() => connections.all.size === 1, 'the stuck reader to be cut', 30_000);
    expect(Date.now() - stalledAt).toBeLessThan(30_000);
    expect((await Metrics.of(board)).count('switchboard_streams_closed_total', { reason: 'slow-reader' })).toBe(1);
    await send();
    expect(mostPending).toBeGreaterThan(64 * 1024);
    expect(mostPending).toBeLessThanOrEqual(512 * 1024);
    await reader.untilType('user.message', sent);
    expect(reader.events.map(({ id }) => Number(id))).toEqual(Array.from({ length: sent }, (_, index) => index + 1));
    expect(reader.of('log.caught_up')).toHaveLength(1);
    stuck.destroy();
    await board.stop();
  });
});

describe('processes that start at once', () => {
  const [shared = '', own = ''] = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'switchboard-data-')));
  const boards: Switchboard[] = [];
  beforeAll(async () => {
    const one = await Switchboard.start({ DATA_DIR: shared });
    boards.push(one, await one.beside({ DATA_DIR: shared }), await one.beside({ DATA_DIR: own }));
  });
  afterAll(async () => {
    for (const board of boards.reverse()) await board.stop();
    for (const folder of [shared, own]) rmSync(folder, { recursive: true });
  });

  it('make one first admin token between them, whether they share a data folder or not', async () => {
    const databaseUrl = boards[0]?.databaseUrl ?? '';
    // As before the first start of all.
    await query(databaseUrl, 'DELETE FROM tokens');
    rmSync(join(shared, 'admin-token'));
    const made = await Promise.all([...boards, ...boards].map(({ app }) => app.get(TokenFiles).ensureAdmin()));
    expect(made.filter((file) => file?.created !== undefined)).toHaveLength(1);
    expect(await query(databaseUrl, 'SELECT count(*)::int AS count FROM tokens')).toEqual([{ count: 1 }]);
    const [path] = made.flatMap((file) => (file === undefined ? [] : [file.path]));
    const token = readFileSync(path ?? '', 'utf8').trim();
    for (const board of boards)
      expect(await board.request('GET', '/v1/admin/tenants', { token })).toMatchObject({ status: 200 });
  });
});
