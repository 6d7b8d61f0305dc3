import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { query } from '../support/database.js';
import { whileHeld } from '../support/hold-table.js';
import { Switchboard } from '../support/switchboard.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

/** Names of one's own, so that tests run in any order. */
const fresh = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;
const message = (agent: string, callId: string, n: number | string) => ({
  event: 'user.message',
  agent,
  callId,
  messageId: `m${n}`,
  text: `text ${n}`,
});
const texts = (frames: readonly { data: Record<string, unknown> }[]) => frames.map(({ data }) => data['text']);

it('opens with one write: headers, greeting and what follows', async () => {
  const { token } = await board.createTenant();
  const { hostname, port } = new URL(board.url);
  const socket = connect(Number(port), hostname);
  const first = once(socket.setEncoding('utf8'), 'data') as Promise<[string]>;
  await whileHeld([board.databaseUrl, 'tenant_heads'], async (waiting) => {
    socket.write(`GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await waiting('%tenant_heads%');
  });
  const [text] = await first;
  socket.destroy();
  expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*event: connected\n[^]*event: log.caught_up\n/);
});

it('says when to come back, without an id, where the log cannot be asked once the headers are made', async () => {
  const { token } = await board.createTenant();
  const reader = await whileHeld([board.databaseUrl, 'tenant_heads'], async (waiting) => {
    const opening = board.open('/v1/events', { token });
    await query(board.databaseUrl, 'SELECT pg_terminate_backend($1)', [await waiting('%tenant_heads%')]);
    return opening;
  });
  await waitFor(() => reader.ended, 'the stream to end');
  expect(reader.frames.map(({ type, id }) => [type, id])).toEqual([['stream.closing', undefined]]);
  expect(reader.frames[0]?.data).toMatchObject({ type: '/problems/unavailable' });
  expect(reader.raw).toMatch(/^retry: \d+$/m);
});

it('closes the socket of a client that asked for it, as soon as its stream has ended', async () => {
  const { token, tokenId } = await board.createTenant();
  const { hostname, port } = new URL(board.url);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => (received += text));
  const head = `Host: x\r\nConnection: close\r\nAuthorization: Bearer ${token}`;
  socket.write(`GET /v1/events HTTP/1.1\r\n${head}\r\n\r\n`);
  await waitFor(() => received.includes('log.caught_up'), 'the stream');
  await board.admin('DELETE', `/v1/admin/tokens/${tokenId}`);
  await waitFor(() => socket.closed, 'the socket to be closed', 1000);
  expect(received).toContain('/problems/token-revoked');
});

it('answers a HEAD with the headers alone, and lets the connection go on', async () => {
  const { token } = await board.createTenant();
  for (let round = 0; round < 50; round++) {
    const answer = await board.request('HEAD', '/v1/events?after=0', { token });
    expect([answer.status, answer.headers.get('content-type'), answer.text]).toEqual([200, 'text/event-stream', '']);
  }
});

describe('a tenant’s stream', () => {
  it('greets with its cursor, catches up, then is live, numbering 1, 2, 3 … without holes', async () => {
    const [agent, call] = [fresh('mara'), fresh('call')];
    const { token, id } = await board.createTenant({ agents: [agent] });
    await board.ingest(message(agent, call, 1), message(agent, call, 2));
    const reader = await board.open('/v1/events?after=1', { token });
    await reader.untilType('log.caught_up');
    await board.ingest(message(agent, call, 3));
    await reader.untilType('user.message', 2);
    expect(reader.frames.map(({ type, id }) => [type, id])).toEqual([
      ['connected', '1'],
      ['user.message', '2'],
      ['log.caught_up', '2'],
      ['user.message', '3'],
    ]);
    expect(reader.frames[0]?.data).toEqual({ tenant: id, agents: [agent], after: 1 });
    expect(reader.of('log.caught_up')[0]?.data).toEqual({ id: 2 });
    expect(reader.of('user.message')[1]?.data).toEqual({
      agent,
      callId: call,
      messageId: 'm3',
      text: 'text 3',
      at: expect.any(String),
    });
    expect(reader.status).toBe(200);
    expect(reader.header('content-type')).toBe('text/event-stream');
    expect(reader.header('cache-control')).toBe('no-cache, no-transform');
    expect(reader.header('x-accel-buffering')).toBe('no');
  });

  it('starts live without a cursor, and Last-Event-ID wins over after', async () => {
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent] });
    await board.ingest(message(agent, fresh('c'), 1), message(agent, fresh('c'), 2));
    const live = await board.open('/events', { token });
    await live.untilType('log.caught_up');
    expect(live.frames[0]).toMatchObject({ type: 'connected', id: '2', data: { after: 2 } });
    const resumed = await board.open('/events?after=0', { token, lastEventId: 1 });
    await resumed.untilType('log.caught_up');
    expect(texts(resumed.events)).toEqual(['text 2']);
    expect(live.events).toEqual([]);
  });

  it.each([
    ['from the future', '99', 99],
    ['not a number', 'abc', 'abc'],
    ['negative', '-1', '-1'],
    ['beyond every number', '99999999999999999999', '99999999999999999999'],
  ])('answers a cursor %s with log.gap and goes on', async (_, cursor, after) => {
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent] });
    await board.ingest(message(agent, fresh('c'), 1));
    const reader = await board.open('/v1/events', { token, lastEventId: cursor });
    await reader.untilType('log.caught_up');
    expect(reader.frames.map(({ type }) => type)).toEqual(['connected', 'log.gap', 'log.caught_up']);
    expect(reader.frames[0]?.id).toBe('1');
    expect(reader.of('log.gap')[0]?.data).toEqual({ after, resumeFrom: 1, reason: 'unknown' });
    await board.ingest(message(agent, fresh('c'), 2));
    await reader.untilType('user.message');
  });

  it('never gives a frame an id that is not ours: ephemeral events have none', async () => {
    const [agent, call] = [fresh('mara'), fresh('call')];
    const { token } = await board.createTenant({ agents: [agent] });
    const reader = await board.open('/v1/events', { token });
    await reader.untilType('log.caught_up');
    await board.ingest(
      { event: 'call.started', agent, callId: call },
      { event: 'user.speaking', agent, callId: call, text: 'Ho' },
      message(agent, call, 1),
      { event: 'bot.word', agent, callId: call, word: 'a' },
      { event: 'call.ended', agent, callId: call },
    );
    await reader.untilType('call.ended');
    expect(reader.frames.map(({ type, id }) => [type, id])).toEqual([
      ['connected', '0'],
      ['log.caught_up', '0'],
      ['call.started', '1'],
      ['user.speaking', undefined],
      ['user.message', '2'],
      ['bot.word', undefined],
      ['call.ended', '3'],
    ]);
    const replay = await board.open('/v1/events?after=0', { token });
    await replay.untilType('log.caught_up');
    expect(replay.events.map(({ type }) => type)).toEqual(['call.started', 'user.message', 'call.ended']);
  });

  it('keeps bot.speaking, its words and bot.finished in order, however they are batched', async () => {
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent] });
    const reader = await board.open('/v1/events', { token });
    await reader.untilType('log.caught_up');
    const calls = Array.from({ length: 10 }, () => fresh('call'));
    const turns = 20;
    const words = 5;
    const inOrder = calls.flatMap(() => [] as Promise<void>[]);
    for (let turn = 0; turn < turns; turn++) {
      for (const callId of calls) {
        const messageId = `m${turn}`;
        // Separate requests, not awaited: they meet in batches of every shape. One call's own stay in order on one
        // connection.
        inOrder.push(
          board.ingest(
            { event: 'bot.speaking', agent, callId, messageId, text: '' },
            ...Array.from({ length: words }, (_, wordIndex) => ({
              event: 'bot.word',
              agent,
              callId,
              messageId,
              word: 'w',
              wordIndex,
            })),
            { event: 'bot.finished', agent, callId, messageId },
          ),
        );
      }
      if (turn % 5 === 4) await Promise.all(inOrder.splice(0));
    }
    await reader.untilType('bot.finished', calls.length * turns);
    expect(reader.events).toHaveLength(calls.length * turns * (words + 2));
    const open = new Map<string, number>();
    for (const { type, data } of reader.events) {
      const key = `${String(data['callId'])}/${String(data['messageId'])}`;
      if (type === 'bot.speaking') open.set(key, 0);
      if (type === 'bot.word') {
        expect(data['wordIndex']).toBe(open.get(key));
        open.set(key, Number(data['wordIndex']) + 1);
      }
      if (type === 'bot.finished') expect(open.get(key)).toBe(words);
    }
  });
});

describe('a reader that is cut off', () => {
  it('200 times at random moments loses nothing and gets nothing twice', async () => {
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent] });
    const total = 3000;
    let sent = 0;
    const feeding = (async () => {
      while (sent < total) {
        const batch = Array.from({ length: 10 }, () => message(agent, `c${sent % 7}-${agent}`, sent++));
        await board.ingest(...batch, { event: 'bot.word', agent, callId: `c1-${agent}`, word: 'w' });
      }
    })();
    const seen: number[] = [];
    let cuts = 0;
    let lastEventId = '0';
    while (cuts < 200 || seen.length < total) {
      const reader = await board.open('/events', { token, lastEventId });
      const enough = 1 + Math.floor(Math.random() * 30);
      const last = cuts >= 200;
      await reader.until(
        () =>
          reader.events.filter(({ id }) => id).length >= (last ? total - seen.length : enough) ||
          (!last && sent >= total),
      );
      reader.close();
      seen.push(...reader.events.flatMap(({ id }) => (id === undefined ? [] : [Number(id)])));
      lastEventId = reader.lastEventId ?? lastEventId;
      cuts += 1;
    }
    await feeding;
    expect(cuts).toBeGreaterThanOrEqual(200);
    expect(seen).toEqual(Array.from({ length: total }, (_, index) => index + 1));
  });

  it('gets a long backlog whole while events keep coming', async () => {
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent] });
    for (let part = 0; part < 4; part++)
      await board.ingest(...Array.from({ length: 1000 }, (_, index) => message(agent, 'long', part * 1000 + index)));
    const reader = await board.open('/events?after=0', { token });
    for (let part = 4; part < 8; part++)
      await board.ingest(...Array.from({ length: 1000 }, (_, index) => message(agent, 'long', part * 1000 + index)));
    await reader.untilType('user.message', 8000);
    expect(reader.events.map(({ id }) => Number(id))).toEqual(Array.from({ length: 8000 }, (_, index) => index + 1));
    expect(reader.of('log.caught_up')).toHaveLength(1);
  });
});
