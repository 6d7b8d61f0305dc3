/**
 * What a browser's EventSource meets: it comes back from a stream that ends, and never from any status other than 200.
 */
import { jest } from '@jest/globals';
import { LogReader } from '../../src/events/log/log-reader.js';
import { createDatabase } from '../support/database.js';
import { whileHeld } from '../support/hold-table.js';
import { DatabaseWay } from '../support/database-way.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const STREAMS = ['/v1/events', '/events', '/v1/agents/AGENT/events', '/events/AGENT', '/v1/calls/CALL/events'];
const EVENT_SOURCE = { Accept: 'text/event-stream' };

let database: Awaited<ReturnType<typeof createDatabase>>;
let way: DatabaseWay;
let board: Switchboard;
let tenant: TestTenant;
const [agent, call] = [fresh('mara'), fresh('call')];
beforeAll(async () => {
  database = await createDatabase();
  way = await DatabaseWay.to(database.url);
  board = await Switchboard.start({ DATABASE_URL: way.url });
  tenant = await board.createTenant({ agents: [agent] });
  await board.ingest(message(agent, call, 1), message(agent, call, 2), message(agent, call, 3));
});
afterEach(() => jest.restoreAllMocks());
afterAll(async () => {
  await board.stop();
  way.stop();
  await database.drop();
});

const paths = () => STREAMS.map((path) => path.replace('AGENT', agent).replace('CALL', call));
/** Everybody's ways in, each with who may. */
const ways = () => [
  ...paths().map((path) => ({ path, token: tenant.token })),
  { path: '/v1/admin/events', token: board.adminToken },
];
const ask = ({ path, token }: { path: string; token: string }, headers: Record<string, string> = EVENT_SOURCE) =>
  board.request('GET', path, { token, headers });

const CLOSING =
  /^(?:\n: *\n\n)?retry: \d+\nevent: stream\.closing\ndata: \{"type":"\/problems\/[a-z-]+","title":"[^"]+","detail":"[^"]+","retry":\d+\}\n\n$/;

async function asksToComeBack(type: string): Promise<void> {
  for (const one of ways()) {
    const { status, headers, text } = await ask(one);
    expect([one.path, status, headers.get('content-type')]).toEqual([one.path, 200, 'text/event-stream']);
    expect(text).toMatch(CLOSING);
    expect(text).toContain(`/problems/${type}`);
  }
}

function tenSecondsPassAtOnce(): void {
  const { setTimeout: real } = globalThis;
  const hurried = (run: () => void, ms = 0, ...rest: []) => real(run, ms === 10_000 ? 50 : ms, ...rest);
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(hurried);
}

async function nothingIsHeld(): Promise<void> {
  await waitFor(async () => {
    const { body } = await board.request<{ streams: object }>('GET', '/readyz');
    return JSON.stringify(body.streams) === JSON.stringify({ state: 'up', open: 0, opening: 0 });
  }, 'every place to be given back');
}

describe('a client that cannot send Last-Event-ID resumes by what it sends instead:', () => {
  const idsAfter = async (query: string, lastEventId?: string) => {
    const reader = await board.open(`/v1/events?${query}`, {
      token: tenant.token,
      ...(lastEventId && { lastEventId }),
    });
    await reader.untilType('log.caught_up');
    reader.close();
    return { status: reader.status, ids: reader.events.map(({ id }) => id), gaps: reader.of('log.gap').length };
  };

  it.each([
    'lastEventId',
    'last_event_id',
    'Last-Event-ID',
    'lastEventID',
    'lasteventid',
    'last-event-id',
    'LAST_EVENT_ID',
    'evs_last_event_id',
  ])('%s', async (name) => {
    const resumed = { status: 200, ids: ['3'], gaps: 0 };
    expect(await idsAfter(`${name}=2`)).toEqual(resumed);
    expect(await idsAfter(`after=0&${name}=2`)).toEqual(resumed);
    expect(await idsAfter(`${name}=&after=2`)).toEqual(resumed);
    expect(await idsAfter(`${name}=1&${name}=2&types=user.*`)).toEqual(resumed);
    expect(await idsAfter(`${name}=0`, '2')).toEqual(resumed);
    expect(await idsAfter(`${name}=never`)).toEqual({ status: 200, ids: [], gaps: 1 });
  });

  it('on every stream', async () => {
    for (const { path, token } of ways()) {
      const reader = await board.open(`${path}?lastEventId=2`, { token });
      await reader.untilType('log.caught_up');
      expect([path, reader.of('user.message').length]).toEqual([path, 1]);
      reader.close();
    }
  });

  it('whatever a polyfill says besides of its own buffers, and however long a cursor is', async () => {
    const noise = 'evs_preamble=2056&evs_buffer_size_limit=262144';
    expect(await idsAfter(`${noise}&evs_last_event_id=2`)).toMatchObject({ status: 200, ids: ['3'] });
    expect(await idsAfter(`after=${'9'.repeat(2000)}`)).toMatchObject({ status: 200, gaps: 1 });
    expect((await ask({ path: '/v1/events?last=2', token: tenant.token })).status).toBe(400);
  });
});

describe('what passes is a stream that asks to come back, on every path of a stream:', () => {
  afterEach(async () => {
    way.open();
    await waitFor(async () => (await board.admin('GET', '/v1/me')).status === 200, 'the database');
  });

  it('a database that is away', async () => {
    const unseen = await board.createToken(tenant.id);
    way.cut();
    await waitFor(async () => (await board.admin('GET', '/v1/me')).status === 503, 'a database that is away');
    await asksToComeBack('unavailable');
    // Who was checked a moment ago is let in without the database, and told in the stream.
    const plain = await waitFor(async () => {
      const answer = await ask({ path: '/v1/events', token: tenant.token }, {});
      return answer.status === 503 && answer;
    }, 'a plain refusal');
    expect(plain.headers.get('retry-after')).toBe('3');
    const elsewhere = await ask({ path: '/v1/events', token: unseen.token }, { ...EVENT_SOURCE, 'X-Retry-On': '503' });
    expect(elsewhere.status).toBe(503);
  });

  it('a database that is silent: before a balancer gives up', async () => {
    tenSecondsPassAtOnce();
    way.fallSilent();
    await asksToComeBack('unavailable');
    way.open();
    jest.restoreAllMocks();
    // What was under way ends without a stream that nobody reads.
    await nothingIsHeld();
    const reader = await board.open('/v1/events', { token: tenant.token });
    await reader.untilType('log.caught_up');
    reader.close();
  });

  it('a log that cannot be asked once the headers are made', async () => {
    tenSecondsPassAtOnce();
    const [stream = { path: '', token: '' }] = ways();
    const { status, text } = await whileHeld([database.url, 'tenant_heads'], () => ask(stream));
    expect([status, text]).toEqual([200, expect.stringMatching(CLOSING)]);
    expect(text).toContain('could not be opened in time');
    await nothingIsHeld();
  });

  it('a fault of ours', async () => {
    jest.spyOn(board.app.get(LogReader), 'hasCall').mockRejectedValue(new TypeError('a bug'));
    const { status, text } = await ask({ path: `/v1/calls/${call}/events`, token: tenant.token });
    expect([status, text]).toEqual([200, expect.stringMatching(CLOSING)]);
    expect((await ask({ path: `/v1/calls/${call}/events`, token: tenant.token }, {})).status).toBe(500);
  });
});

it('what does not pass is a status', async () => {
  const answers = await Promise.all([
    ask({ path: '/v1/events', token: 'x' }),
    ask({ path: '/v1/agents/nobody/events', token: tenant.token }),
    ask({ path: '/v1/events?agents=', token: tenant.token }),
    ask({ path: '/v1/admin/events', token: tenant.token }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([401, 404, 400, 403]);
});

it('readiness says whether to send readers here, and how the database is', async () => {
  const readiness = async () => {
    const { status, body } = await board.request<{ status: string; database: { state: string } }>('GET', '/readyz');
    return [status, body.status, body.database.state];
  };
  const reader = await board.open('/v1/events', { token: tenant.token });
  await reader.untilType('log.caught_up');
  expect(await readiness()).toEqual([200, 'ready', 'up']);
  way.cut();
  const away = await waitFor(async () => {
    const now = await readiness();
    return now[1] !== 'ready' && now;
  }, 'word that the database is away');
  expect(away).toEqual([200, 'degraded', 'away']);
  expect(reader.ended).toBe(false);
  way.open();
  await waitFor(async () => (await readiness())[1] === 'ready', 'the database');
  await board.ingest(message(agent, call, 4));
  await reader.untilType('user.message');
  const before = board.shutDown();
  await waitFor(async () => (await readiness().catch(() => [503]))[0] === 503, 'word that it goes down');
  await before;
});
