/** Each route, a few times, by one client: medians in ms, and what the pages held. */
import { performance } from 'node:perf_hooks';
import { ROUTES } from './routes.mjs';

const TIMES = 9;
/** A slow route is requested less often. */
const LONG_MS = 1500;
const MAX_PAGES = 2000;

export async function measureRoutes(board, say, only) {
  const figures = {};
  for (const route of ROUTES.filter(({ key }) => only === undefined || key.includes(only))) {
    const samples = [];
    let found;
    for (let left = TIMES; left > 0; left -= 1) {
      const startedAt = performance.now();
      found = await ask(board, route);
      samples.push(performance.now() - startedAt);
      if (samples.at(-1) > LONG_MS) left -= 3;
    }
    samples.sort((one, other) => one - other);
    figures[route.key] = { ms: samples[Math.floor(samples.length / 2)], ...found };
    say(`${route.key}: ${figures[route.key].ms.toFixed(1)} ms, ${JSON.stringify(found)}`);
  }
  return figures;
}

async function ask(board, { who, method = 'GET', path, body, untilEnd = false }) {
  const first = typeof path === 'function' ? path() : path;
  const found = { pages: 0, things: 0 };
  for (let next = first; next !== undefined && found.pages < MAX_PAGES;) {
    const { status, text } = await board.api(who, method, next, body);
    if (status !== 200) return { ...found, status };
    const answer = JSON.parse(text);
    found.pages += 1;
    found.things += (answer.events ?? answer.calls ?? answer.connections ?? []).length;
    next = untilEnd && answer.live === false ? `${first}&after=${answer.next}` : undefined;
  }
  return found;
}
