import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { AgentProcess } from '../support/agent-process.js';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { ExampleProcess } from '../support/example-process.js';
import { Gateway } from '../support/gateway.js';
import { StreamReader } from '../support/stream-reader.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message, texts } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const ROOT = resolve(import.meta.dirname, '../..');

/** `npx vite build examples/react-monitor`, into a folder of the test's own. */
const buildMonitor = (outDir: string) =>
  promisify(execFile)(
    process.execPath,
    ['node_modules/vite/bin/vite.js', 'build', 'examples/react-monitor', '--outDir', outDir, '--emptyOutDir'],
    { cwd: ROOT, env: { PATH: process.env['PATH'] } },
  );

let board: Switchboard;
let gateway: Gateway;
let acme: TestTenant;
let variables: Record<string, string>;
let page: string;
const [mara, julia] = [fresh('mara'), fresh('julia')];

beforeAll(async () => {
  board = await Switchboard.start();
  gateway = await Gateway.to(board.url);
  acme = await board.createTenant({ agents: [mara] });
  const globex = await board.createTenant({ agents: [julia] });
  page = mkdtempSync(join(tmpdir(), 'switchboard-monitor-'));
  const users = JSON.stringify({ alice: acme.token, bob: globex.token });
  variables = { SWITCHBOARD_URL: gateway.url, USERS: users, PAGE: page };
});
afterAll(async () => {
  await gateway.down();
  await board.stop();
  rmSync(page, { recursive: true, force: true });
});

async function openStreams(tenant: string): Promise<number> {
  const { body } = await board.admin<{ connections: { tenant: string }[] }>('GET', '/v1/admin/connections');
  return body.connections.filter((one) => one.tenant === tenant).length;
}

const as = (user: string, lastEventId?: string) => ({
  headers: { Cookie: `theme=dark; session=${user}` },
  ...(lastEventId === undefined ? {} : { lastEventId }),
});

describe.each([
  ['Express', 'examples/express/server.js'],
  ['Fastify', 'examples/fastify/server.js'],
  ['Hono', 'examples/hono/server.js'],
  ['Next.js', 'test/support/route-handlers.mjs'],
])('an app on %s', (_, file) => {
  let example: ExampleProcess;
  const readers: StreamReader[] = [];
  beforeAll(async () => (example = await ExampleProcess.start(file, variables)));
  afterEach(() => {
    for (const reader of readers.splice(0)) reader.close();
  });
  afterAll(() => example.stop());

  async function read(path: string, options: ReturnType<typeof as>, origin = example.url): Promise<StreamReader> {
    const reader = await StreamReader.open(`${origin}${path}`, options);
    readers.push(reader);
    return reader;
  }

  it('shows who is signed in the calls of their own company, as they happen', async () => {
    const [alice, bob] = [await read('/events', as('alice')), await read('/events', as('bob'))];
    for (const reader of [alice, bob]) await reader.untilType('log.caught_up');
    await board.ingest(message(mara, fresh('c'), 1), message(julia, fresh('c'), 2));
    for (const [reader, text] of [
      [alice, 'text 1'],
      [bob, 'text 2'],
    ] as const) {
      await reader.untilType('user.message');
      expect(texts(reader.events)).toEqual([text]);
      expect(reader.status).toBe(200);
      expect(reader.header('content-type')).toMatch(/^text\/event-stream/);
      expect(reader.header('cache-control')).toBe('no-cache, no-transform');
      expect(reader.header('x-accel-buffering')).toBe('no');
    }
  });

  it.each(['/events', '/stream'])('asks at %s who one is', async (path) => {
    for (const user of ['', 'mallory']) expect((await read(path, as(user))).status).toBe(401);
  });

  it('lets go of the stream when the browser leaves', async () => {
    const reader = await read('/events', as('alice'));
    await reader.untilType('log.caught_up');
    await waitFor(async () => (await openStreams(acme.id)) === 1, 'one stream');
    reader.close();
    await waitFor(async () => (await openStreams(acme.id)) === 0, 'the end of the stream');
  });

  it('resumes after the last event that the browser has seen', async () => {
    const reader = await read('/events', as('alice'));
    await board.ingest(message(mara, fresh('c'), 1));
    await reader.untilType('user.message');
    reader.close();
    await board.ingest(message(mara, fresh('c'), 2), message(mara, fresh('c'), 3));
    const again = await read('/events', as('alice', reader.lastEventId));
    await again.untilType('log.caught_up');
    expect(texts(again.events)).toEqual(['text 2', 'text 3']);
  });

  it('or sends the browser to a URL of its own, which works the same', async () => {
    const redirect = await read('/stream', as('alice'));
    expect([redirect.status, redirect.header('cache-control')]).toEqual([307, 'no-store']);
    const { pathname, search } = new URL(redirect.header('location') ?? '');
    const direct = await read(`${pathname}${search}`, { headers: { Cookie: '' } }, board.url);
    await direct.untilType('log.caught_up');
    await board.ingest(message(julia, fresh('c'), 1), message(mara, fresh('c'), 2));
    await direct.untilType('user.message');
    expect(texts(direct.events)).toEqual(['text 2']);
  });

  it('asks the browser to come back while Switchboard is away', async () => {
    const cut = await read('/events', as('alice'));
    await cut.untilType('log.caught_up');
    await gateway.down();
    try {
      await cut.until(({ ended }) => ended);
      for (const path of ['/events', '/stream']) {
        const reader = await read(path, as('alice'));
        await reader.until(({ ended }) => ended);
        expect([reader.status, reader.raw]).toEqual([200, 'retry: 2000\n\n']);
        expect(reader.header('content-type')).toMatch(/^text\/event-stream/);
      }
    } finally {
      await gateway.up();
    }
    await (await read('/events', as('alice', cut.lastEventId))).untilType('log.caught_up');
  });
});

describeInChromium('the React monitor', () => {
  let browser: Browser;
  let example: ExampleProcess;
  beforeAll(async () => {
    [browser, example] = await Promise.all([
      startChromium(),
      ExampleProcess.start('examples/express/server.js', variables),
      buildMonitor(page),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await example.stop();
  });

  async function signedIn(user: string): Promise<Page> {
    const tab = await (await browser.newContext()).newPage();
    await tab.goto(`${example.url}/sign-in/${user}`);
    await tab.getByRole('heading', { name: '0 calls' }).waitFor();
    return tab;
  }

  it('shows each customer their own calls while they last, and misses nothing of an interruption', async () => {
    const [alice, bob] = [await signedIn('alice'), await signedIn('bob')];
    const [call, other] = [fresh('c'), fresh('c')];
    await waitFor(async () => (await openStreams(acme.id)) === 1, 'the stream');
    await board.ingest(
      { event: 'call.started', callId: call, agent: mara, from: '+34611111111' },
      { event: 'call.started', callId: other, agent: julia, from: '+39066666666' },
      { ...message(mara, call, 1), text: '<b>¿Hola?</b>' },
    );
    await alice.getByText('<b>¿Hola?</b>').waitFor();
    await bob.getByText(julia).waitFor();
    expect(await bob.content()).not.toContain(mara);
    await gateway.down();
    await board.ingest({ event: 'bot.speaking', callId: call, agent: mara, messageId: 'b1', text: 'Dígame' });
    await gateway.up();
    await alice.getByText('Dígame').waitFor();
    expect(await alice.locator('h2').allInnerTexts()).toEqual([`+34611111111 with ${mara}`]);
    expect(await alice.locator('li').allInnerTexts()).toEqual(['caller <b>¿Hola?</b>', 'agent Dígame']);
    await board.ingest({ event: 'call.ended', callId: call, agent: mara, reason: 'hangup', duration: 7 });
    await alice.getByRole('heading', { name: '0 calls' }).waitFor();
  });

  it('is the one that reads Pinecall’s own stream', async () => {
    const upstream = await AgentProcess.start();
    const tab = await (await browser.newContext()).newPage();
    await tab.route('**/*', (route) => {
      const { pathname } = new URL(route.request().url());
      return route.request().resourceType() === 'eventsource'
        ? route.continue({ url: `http://${upstream.host}/events` })
        : route.continue({ url: `${example.url}${pathname}` });
    });
    await tab.goto(example.url);
    await waitFor(() => upstream.accepted > 0, 'the stream');
    await upstream.send(20);
    await tab
      .getByText(/\+\d+ with (mara|julia|sol)/)
      .first()
      .waitFor();
    await tab.context().close();
    await upstream.stop();
  });
});
