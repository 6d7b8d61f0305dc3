/**
 * `npm run bench:page`: a call of 500 turns on its page, then the live page with 500 calls in progress and 2,000 events a
 * second, in Chromium. Prints long tasks and memory. The server is a double that makes events and nothing else, so that what is measured is the page.
 *
 *   node bench/page.mjs [--calls 500] [--rate 2000] [--seconds 300] [--turns 500]
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { LONG_CALL, longCall, longLog, paintLongCall } from './page-call.mjs';
import { Traffic } from './page-traffic.mjs';

const APP = fileURLToPath(new URL('../dist/dashboard/app/', import.meta.url));
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html' };
const TICK_MS = 20;
const WARM_UP_MS = 5000;
const SAMPLES = 10;
const TRACE_MS = 10_000;

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '500' },
    rate: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '300' },
    turns: { type: 'string', default: '500' },
  },
});
const [calls, rate, seconds, turns] = [values.calls, values.rate, values.seconds, values.turns].map(Number);
/** About three minutes a call. */
const traffic = new Traffic(calls, Math.max(2, Math.round((180 * rate) / calls / 34)));

function serve(request, response) {
  const url = new URL(request.url, 'http://double');
  const json = (body) => response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body));
  if (url.pathname === '/v1/me')
    return json({ tenant: 'acme', scopes: ['events:read'], agents: [], expiresAt: '2099-01-01T00:00:00.000Z' });
  if (url.pathname === '/v1/calls') return json({ calls: traffic.inProgress(), next: null, cursor: traffic.seq });
  if (url.pathname === `/v1/calls/${LONG_CALL}`) return json(longCall(turns));
  if (url.pathname === '/v1/log')
    return json({ events: logOf(url.searchParams.get('call')), next: String(traffic.seq), live: true });
  if (url.pathname === '/v1/events') return stream(response);
  // The page names its files beside itself, wherever it stands.
  const file = /(assets\/)?[^/]*\.[^/]*$/.exec(url.pathname)?.[0] ?? 'index.html';
  response.setHeader('Content-Type', TYPES[extname(file)] ?? 'text/plain').end(readFileSync(join(APP, file)));
}

function logOf(call) {
  return call === LONG_CALL ? longLog(turns) : traffic.logOf(call);
}

function stream(response) {
  response.setHeader('Content-Type', 'text/event-stream');
  response.write(`event: connected\nid: ${traffic.seq}\ndata: {"tenant":"acme"}\n\nevent: log.caught_up\ndata: {}\n\n`);
  let due = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    due += ((now - last) / 1000) * rate;
    last = now;
    const count = Math.floor(due);
    due -= count;
    response.write(traffic.frames(count));
    sent += count;
  }, TICK_MS);
  response.on('close', () => clearInterval(timer));
}

let sent = 0;
const server = createServer(serve);
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const executablePath =
  process.env.CHROMIUM_PATH ??
  process.env.PATH.split(delimiter)
    .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
    .find((path) => existsSync(path));
const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage({ viewport: { width: 1360, height: 860 } });
  await page.goto(`http://127.0.0.1:${server.address().port}/live`);
  await page.locator('.live-row').first().waitFor();
  if (turns > 0) {
    for (let round = 1; round <= 3; round++) console.log(await paintLongCall(browser, page, turns));
    await page.goto(new URL('/live', page.url()).href);
    await page.locator('.live-row').first().waitFor();
  }
  if (seconds > 0) await watchLive(page);
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}

/** The live page, while events come. */
async function watchLive(page) {
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  await page.evaluate(`
    window.tasks = [];
    window.frames = 0;
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ startTime, duration }) => [startTime, duration]))).observe({ type: 'longtask' });
    (function frame() { window.frames += 1; requestAnimationFrame(frame); })();
  `);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const metrics = async () =>
    Object.fromEntries((await session.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  /** When garbage was collected for a sample: these long tasks belong to the measurement. */
  const pauses = [];
  const before = { sent, busy: (await metrics()).TaskDuration, at: performance.now() };
  for (let sample = 1; sample <= SAMPLES; sample++) {
    await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / SAMPLES));
    const start = await page.evaluate('performance.now()');
    await session.send('HeapProfiler.collectGarbage');
    pauses.push([start - 100, (await page.evaluate('performance.now()')) + 100]);
    const { JSHeapUsedSize, Nodes, TaskDuration } = await metrics();
    const [passed, heap] = [(performance.now() - before.at) / 1000, (JSHeapUsedSize / 2 ** 20).toFixed(1)];
    const busy = Math.round((100 * (TaskDuration - before.busy)) / passed);
    console.log(
      `${passed.toFixed(0).padStart(4)} s  ${Math.round((sent - before.sent) / passed)} events/s  ` +
        `heap ${heap} MB  ${Nodes} nodes  main thread ${busy} % busy`,
    );
  }
  const { tasks: all, frames } = await page.evaluate('({ tasks, frames })');
  const passed = (performance.now() - before.at) / 1000;
  const tasks = all
    .filter(([at]) => !pauses.some(([from, until]) => at >= from && at <= until))
    .map(([, duration]) => duration);
  console.log(`${await page.locator('.count-tag').innerText()}; ${(frames / passed).toFixed(0)} pictures a second`);
  console.log(
    `long tasks (over 50 ms): ${tasks.length}, longest ${Math.round(Math.max(0, ...tasks))} ms, over 100 ms: ${tasks.filter((one) => one > 100).length}`,
  );
  console.log(await longestByCpu(page));
}

/**
 * The longest task of the page's main thread in a trace, also by its CPU time, because other processes take part of the
 * elapsed time.
 */
async function longestByCpu(page) {
  await browser.startTracing(page, { categories: ['toplevel'] });
  await new Promise((resolve) => setTimeout(resolve, TRACE_MS));
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const threads = new Set(mains.map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ pid, tid, dur }) => threads.has(`${pid} ${tid}`) && dur > 0);
  const longest = (name) => Math.round(tasks.reduce((most, task) => Math.max(most, task[name] ?? 0), 0) / 1000);
  return `longest task in ${TRACE_MS / 1000} s of trace: ${longest('dur')} ms by the clock, ${longest('tdur')} ms of CPU`;
}
