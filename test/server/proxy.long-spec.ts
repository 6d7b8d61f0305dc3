/** Two processes as an operator runs them behind nginx, by the configuration that deploy/nginx brings. */
import { createDatabase, query } from '../support/database.js';
import { itInChromium, startChromium } from '../support/chromium.js';
import { CommandRun } from '../support/command-line.js';
import { Nginx, describeBehindNginx } from '../support/nginx.js';
import { Installation } from '../support/server-process.js';
import { type ReadOptions, StreamReader } from '../support/stream-reader.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const METRICS_TOKEN = 'a-token-for-metrics';
/** Readers that a process still has to say goodbye to, at 200 a second, while another one comes back. */
const BALLAST = 200;

describeBehindNginx('two processes behind nginx', () => {
  let nginx: Nginx;
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let homes: Installation[] = [];
  const readers: StreamReader[] = [];

  beforeAll(async () => {
    nginx = await Nginx.create();
    database = await createDatabase();
    const variables = {
      DATABASE_URL: database.url,
      SOURCES: 'none',
      PUBLIC_URL: nginx.tlsUrl,
      METRICS_TOKEN,
      TRUST_PROXY: '1',
      STREAM_PING_SECONDS: '1',
    };
    const first = await Installation.create(variables);
    homes = [first, await Installation.create({ ...variables, DATA_DIR: first.dataDir })];
    await Promise.all(homes.map((home) => home.start()));
    await nginx.start(homes.map(({ port }) => port));
  });

  afterAll(async () => {
    for (const reader of readers) reader.close();
    await nginx.stop();
    for (const home of homes) await home.remove();
    await database.drop();
  });

  /** Both, and nginx knows it. */
  const running = async () => {
    const servers = await Promise.all(homes.map((home) => home.running()));
    await waitFor(async () => (await fetch(`${nginx.url}/readyz`)).ok, 'nginx to try them again');
    return servers;
  };

  const open = async (url: string, options: ReadOptions = {}) => {
    const reader = await StreamReader.open(url, options);
    readers.push(reader);
    return reader;
  };

  const ask = async <Body = unknown>(method: string, path: string, body?: unknown, url = nginx.url) => {
    const headers = { Authorization: `Bearer ${homes[0]?.read('admin-token')}`, 'Content-Type': 'application/json' };
    const answer = await fetch(url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()) as Body;
  };

  /** A customer with an agent of its own, and what opens its stream without a header. */
  const customer = async () => {
    await running();
    const [tenant, agent] = [fresh('tenant'), fresh('mara')];
    await ask('POST', '/v1/admin/tenants', { tenant });
    await ask('PUT', `/v1/admin/agents/${agent}/owner`, { tenant, from: null });
    const { token } = await ask<{ token: string }>('POST', `/v1/admin/tenants/${tenant}/stream-tokens`, {});
    return { tenant, agent, token, path: `/v1/events?token=${token}` };
  };

  const say = (agent: string, ...numbers: number[]) =>
    ask(
      'POST',
      '/v1/ingest',
      numbers.map((number) => message(agent, `call-${agent}`, number)),
    );

  const openStreamsAt = async (home: Installation) => {
    const answer = await fetch(`${home.url}/metrics`, { headers: { Authorization: `Bearer ${METRICS_TOKEN}` } });
    // An admin made the tokens: they are views of what the customer sees.
    return Number(/^switchboard_streams_open\{class="view"\} (\d+)/m.exec(await answer.text())?.[1] ?? 0);
  };

  it('have one first admin token and one key between them, though they started at once', async () => {
    const counts = `SELECT (SELECT count(*)::int FROM tokens WHERE name LIKE 'first admin token%') AS tokens,
      (SELECT count(*)::int FROM signing_keys) AS keys`;
    expect(await query(database.url, counts)).toEqual([{ tokens: 1, keys: 1 }]);
  });

  it('hand on each event as it comes, and pings; know where the client is; and leave no token in a log', async () => {
    const { tenant, agent, path, token } = await customer();
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    const reader = await open(nginx.url + path, { headers, localAddress: '127.0.0.2' });
    await reader.untilType('log.caught_up');
    for (const number of [1, 2, 3]) {
      await say(agent, number);
      await reader.untilType('user.message', number);
    }
    await reader.until(({ comments }) => comments.includes('ping'), 'a ping');
    const { connections } = await ask<{ connections: { tenant: string }[] }>('GET', '/v1/admin/connections');
    const where = { remoteAddress: '127.0.0.2', forwardedFor: '127.0.0.2' };
    expect(connections.filter((one) => one.tenant === tenant)).toEqual([expect.objectContaining(where)]);
    reader.close();
    await waitFor(() => nginx.accesses.find((one) => one.path === '/v1/events'), 'the end of the stream');
    expect(nginx.log('access') + nginx.log('error')).not.toContain(token);
  });

  it('are fine in the eyes of switchboard doctor, HTTP/2 included', async () => {
    const { tenant } = await customer();
    const variables = {
      SWITCHBOARD_URL: nginx.tlsUrl,
      SWITCHBOARD_TOKEN: homes[0]?.read('admin-token') ?? '',
      NODE_EXTRA_CA_CERTS: nginx.certificate,
    };
    const doctor = new CommandRun(['doctor', '--tenant', tenant, '--wait', '5'], { variables });
    const code = await doctor.exited;
    expect({ code, worse: doctor.lines.filter((line) => !line.startsWith('✓')) }).toEqual({ code: 0, worse: [] });
    expect(doctor.lines).toHaveLength(10);
  });

  itInChromium(
    'give a browser more than six streams at once, over one connection, when nginx speaks HTTP/2',
    async () => {
      const { agent, path } = await customer();
      const browser = await startChromium();
      try {
        const context = await browser.newContext({ ignoreHTTPSErrors: true });
        const listen = async (url: string) => {
          const page = await context.newPage();
          await page.goto(`${url}/healthz`);
          await page.evaluate((address) => {
            const state = { open: 0, heard: 0, sources: [] as EventSource[] };
            Object.assign(globalThis, { state });
            for (let n = 0; n < 8; n++) {
              const source = new EventSource(address);
              source.addEventListener('log.caught_up', () => (state.open += 1));
              source.addEventListener('user.message', () => (state.heard += 1));
              state.sources.push(source);
            }
          }, `${path}&after=0`);
          const state = () =>
            page.evaluate(() => {
              const { open, heard } = (globalThis as unknown as { state: { open: number; heard: number } }).state;
              return { open, heard };
            });
          return { page, state };
        };
        const few = await listen(nginx.url);
        const many = await listen(nginx.tlsUrl);
        await waitFor(async () => (await many.state()).open === 8, 'eight streams');
        await waitFor(async () => (await few.state()).open === 6, 'six streams');
        await say(agent, 1);
        await waitFor(async () => (await many.state()).heard === 8, 'the event in each');
        await waitFor(async () => (await few.state()).heard >= 6, 'the event in six');
        expect(await few.state()).toEqual({ open: 6, heard: 6 });
        const before = nginx.accesses.length;
        await many.page.close();
        const ended = await waitFor(() => {
          const own = nginx.accesses.slice(before).filter((one) => one.protocol === 'HTTP/2.0');
          return own.length === 8 && own;
        }, 'the end of eight streams');
        expect(new Set(ended.map(({ connection }) => connection)).size).toBe(1);
      } finally {
        await browser.close();
      }
    },
  );

  it('are replaced one by one: who comes back resumes at once with the other, without loss or repeat', async () => {
    const { agent, path, token } = await customer();
    await say(agent, 1, 2);
    const first = await open(nginx.url + path, { lastEventId: 0 });
    await first.untilType('user.message', 2);
    const counts = await Promise.all(homes.map(openStreamsAt));
    const index = counts.findIndex((count) => count > 0);
    const [leaving, home] = [(await running())[index], homes[index]];
    if (leaving === undefined || home === undefined) throw new Error(`no process has the stream: ${counts.join()}`);
    const ballast = await Promise.all(Array.from({ length: BALLAST }, () => open(home.url + path)));
    leaving.signal('SIGTERM');
    await first.untilType('stream.closing');
    // One after the other: nginx, which knows no better, gives one of two to each process.
    const lastEventId = first.lastEventId ?? '';
    const back = [await open(nginx.url + path, { lastEventId }), await open(nginx.url + path, { lastEventId })];
    await say(agent, 3);
    for (const again of back) {
      await again.untilType('user.message');
      expect(again.frames.map(({ type }) => type)).toEqual(['connected', 'log.caught_up', 'user.message']);
      expect([...first.events, ...again.events].map(({ id }) => id)).toEqual(['1', '2', '3']);
      again.close();
    }
    const tried = await waitFor(() => nginx.accesses.find((one) => one.upstream.includes(',')), 'two tries');
    expect(tried).toMatchObject({ path: '/v1/events', status: 200, upstreamStatus: '503, 200' });
    expect(await leaving.exited).toMatchObject({ code: 0 });
    expect(ballast.every(({ frames }) => frames.some(({ type }) => type === 'stream.closing'))).toBe(true);
    expect(nginx.log('access') + nginx.log('error')).not.toContain(token);
  });

  it('leave nobody without a way back when both are gone', async () => {
    const { path } = await customer();
    await Promise.all(homes.map((home) => home.stopped()));
    const reader = await open(nginx.url + path);
    await reader.until(({ ended }) => ended, 'its end');
    expect([reader.status, reader.header('content-type')]).toEqual([200, 'text/event-stream']);
    expect(reader.raw).toMatch(/^retry: \d{4}\n/);
    const [closing] = reader.of('stream.closing');
    expect(closing?.data).toMatchObject({ type: '/problems/unavailable', retry: expect.any(Number) });
    for (const wanted of ['/v1/me', path]) {
      const refused = await fetch(nginx.url + wanted);
      expect([refused.status, refused.headers.get('content-type')]).toEqual([503, 'application/problem+json']);
      expect(refused.headers.get('retry-after')).toBe('3');
      expect(await refused.json()).toMatchObject({ type: '/problems/unavailable', status: 503 });
    }
  });
});
