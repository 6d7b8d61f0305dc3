/**
 * `npm run screenshots`: the dashboard's pages as people see them, into docs/screenshots/. Starts the demo in a folder
 * of its own, with two weeks of earlier calls, and opens it in Chromium (CHROMIUM_PATH, otherwise from PATH).
 */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { pastCalls } from './past-calls.mjs';
import { freePort } from '../bench/free-port.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'docs', 'screenshots');
const SIZES = {
  wide: { width: 1440, height: 900 },
  small: { width: 1024, height: 768 },
  phone: { width: 390, height: 780 },
};
/** So that a few calls are in progress, one of them for a while. */
const DEMO_RUNS_MS = 45_000;
/** How much must have been said in a call that is shown in progress. */
const LINES = 3;

/**
 * `of`: whose page; `settle`: what must be visible before the picture is taken. `{call}` is a finished call, `{live}`
 * one in progress.
 */
const SHOTS = [
  {
    name: 'live',
    of: 'acme',
    path: '/live/{live}',
    settle: '.line:nth-child(3)',
    in: ['wide light', 'wide dark', 'small light', 'phone light'],
  },
  { name: 'calls', of: 'acme', path: '/calls?q=table', settle: 'mark', in: ['wide light', 'small dark', 'phone dark'] },
  {
    name: 'call',
    of: 'acme',
    path: '/calls/{call}?t=14',
    settle: '.talk',
    in: ['wide light', 'small light', 'phone dark'],
  },
  { name: 'overview', of: 'acme', path: '/overview', settle: '.hours', in: ['wide light', 'wide dark', 'phone light'] },
  { name: 'tokens', of: 'acme', path: '/tokens', settle: '.tokens-table', in: ['wide light'] },
  {
    name: 'admin-live',
    of: 'admin',
    path: '/admin/live',
    settle: '.line:nth-child(2)',
    in: ['wide light', 'wide dark'],
  },
  { name: 'admin-calls', of: 'admin', path: '/admin/calls', settle: '.row-link', in: ['wide light'] },
  { name: 'admin-tenants', of: 'admin', path: '/admin/tenants', settle: 'main table', in: ['wide light'] },
  { name: 'admin-agents', of: 'admin', path: '/admin/agents', settle: 'main table', in: ['wide light'] },
  { name: 'sign-in', of: null, path: '/', settle: '.sign-in-card', in: ['wide light'] },
];

/** `npm run screenshots -- live calls`: only these. */
const WANTED = SHOTS.filter(({ name }) => process.argv.length < 3 || process.argv.includes(name));

const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const folder = mkdtempSync(join(tmpdir(), 'switchboard-screenshots-'));
chmodSync(folder, 0o755); // As root, PostgreSQL runs as another user, who must have access.
const server = spawn(process.execPath, [join(root, 'dist', 'main.js')], {
  cwd: folder,
  env: { PATH: process.env.PATH, PORT: String(port) },
  stdio: ['ignore', 'ignore', 'inherit'],
});
let browser;
try {
  await until(async () => (await fetch(`${url}/readyz`)).ok);
  const headers = {
    Authorization: `Bearer ${readFileSync(join(folder, '.switchboard', 'admin-token'), 'utf8').trim()}`,
    'Content-Type': 'application/json',
  };
  const post = async (path, body) => {
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  };
  const past = pastCalls(['mara', 'lucia'], Date.now());
  for (let at = 0; at < past.length; at += 500) await post('/v1/ingest', past.slice(at, at + 500));
  for (const name of ['Wallboard', 'CRM'])
    await post('/v1/admin/tenants/acme/tokens', { name, scopes: ['events:read', 'agents:read'] });
  await new Promise((resolve) => setTimeout(resolve, DEMO_RUNS_MS));
  const { calls } = await (await fetch(`${url}/v1/admin/calls?tenants=acme&state=ended&limit=100`, { headers })).json();
  const call = calls.find(({ transport, duration }) => transport === 'phone' && duration > 25)?.callId;
  mkdirSync(out, { recursive: true });
  browser = await chromium.launch({
    executablePath: findChromium(),
    headless: true,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  for (const look of [...new Set(WANTED.flatMap((shot) => shot.in))]) await takeAll(look, call, post, headers);
} finally {
  await browser?.close();
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
}

/** Takes every picture in one size and colour scheme. */
async function takeAll(look, call, post, headers) {
  const [size, colorScheme] = look.split(' ');
  for (const of of ['acme', 'admin', null]) {
    const shots = WANTED.filter((shot) => shot.of === of && shot.in.includes(look));
    if (shots.length === 0) continue;
    const context = await browser.newContext({ viewport: SIZES[size], colorScheme, reducedMotion: 'reduce' });
    const page = await context.newPage();
    if (of !== null) {
      const links = of === 'admin' ? '/v1/admin/sign-in-links' : `/v1/admin/tenants/${of}/sign-in-links`;
      await page.goto((await post(links, {})).url);
      await page.getByRole('button', { name: 'Open Switchboard' }).click();
      await page.getByRole('navigation').waitFor();
    }
    for (const { name, path, settle } of shots) {
      await page.goto(
        `${url}${path.replace('{call}', call).replace('{live}', path.includes('{live}') ? await liveCall(headers) : '')}`,
      );
      await page.locator(settle).first().waitFor({ timeout: 90_000 });
      await page.waitForTimeout(700); // Charts and lists have been drawn.
      await page.screenshot({ path: join(out, `${name}-${size}-${colorScheme}.png`) });
      console.log(`${name}-${size}-${colorScheme}.png`);
    }
    await context.close();
  }
}

/** Waits for a call that is in progress and in which enough has been said. */
async function liveCall(headers) {
  const read = async (path) => (await fetch(`${url}/v1/admin/calls${path}`, { headers })).json();
  for (let tries = 0; tries < 240; tries++) {
    const { calls } = await read('?tenants=acme&state=live&limit=50');
    for (const { callId, transport } of calls) {
      const { transcript } = await read(`/${callId}?tenant=acme`);
      if (transport === 'phone' && transcript?.length >= LINES) return callId;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error('no call that talks');
}

function findChromium() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const paths = process.env.PATH.split(delimiter).flatMap((one) => names.map((name) => join(one, name)));
  return paths.find((path) => existsSync(path));
}

async function until(isTrue) {
  for (let tries = 0; tries < 300; tries++) {
    if (await isTrue().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the server did not become ready');
}
