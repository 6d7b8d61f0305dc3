/**
 * A call of many turns on its page: how long until it is painted after its answer has come, and what that costs the
 * page's main thread. For `npm run bench:page`.
 */
const SECONDS_A_TURN = 4;
const START = Date.parse('2026-11-20T10:00:00.000Z');
const at = (seconds) => new Date(START + seconds * 1000).toISOString();

export const LONG_CALL = 'CA_long';

/** `turns` of both sides, with all that is measured, as `/v1/calls/{call}` answers. */
export function longCall(turns) {
  const transcript = Array.from({ length: turns }, (_, index) => {
    const from = index * SECONDS_A_TURN;
    const isCaller = index % 2 === 0;
    return {
      role: isCaller ? 'user' : 'bot',
      text: `What is said in turn ${index}, in a dozen words or so, as people do`,
      at: at(from),
      endedAt: at(from + 3),
      messageId: `m${index}`,
      seq: 2 + index,
      ...(isCaller ? { confidence: 0.94 } : { latencyMs: 700 + ((index * 37) % 1600) }),
    };
  });
  const duration = turns * SECONDS_A_TURN;
  const spoken = (turns / 2) * 3000;
  return {
    callId: LONG_CALL,
    agent: 'mara',
    from: '+34611111111',
    to: '+34910000000',
    name: null,
    direction: 'inbound',
    transport: 'phone',
    state: 'ended',
    startedAt: at(0),
    endedAt: at(duration),
    duration,
    reason: 'hangup',
    lastLine: null,
    incomplete: false,
    transcript,
    tools: [],
    earlier: null,
    cursor: turns + 2,
    quality: {
      latency: { p50: 1500, p95: 2220, max: 2299, n: turns / 2 },
      tools: { calls: 0, failed: 0 },
      score: null,
      interruptions: 0,
      language: 'en',
      parts: { ringing: 0, caller: spoken, agent: spoken, tools: null, silence: duration * 1000 - 2 * spoken },
    },
  };
}

/** Its log, from which the page makes the replay. */
export function longLog(turns) {
  const { transcript, duration, from, to, direction, transport } = longCall(turns);
  const event = (type, seconds, data) => ({
    type,
    at: at(seconds),
    data: { callId: LONG_CALL, agent: 'mara', ...data },
  });
  const said = transcript.map(({ role, text, messageId, at: startedAt, endedAt, latencyMs, confidence }, index) =>
    event(role === 'user' ? 'user.message' : 'bot.speaking', (index + 1) * SECONDS_A_TURN, {
      messageId,
      text,
      startedAt,
      endedAt,
      ...(role === 'user' ? { confidence } : { latencyMs }),
    }),
  );
  const all = [
    event('call.started', 0, { from, to, direction, transport }),
    ...said,
    event('call.ended', duration, { duration, reason: 'hangup' }),
  ];
  return all.map((one, index) => ({ id: String(index + 1), ...one }));
}

/** Opens the call from the list, as a reader does, and waits for its lines and its course. */
export async function paintLongCall(browser, page, turns) {
  await page.goto(new URL('/calls', page.url()).href);
  await page.locator('.row-link').first().waitFor();
  await browser.startTracing(page, { categories: ['toplevel'] });
  // The picture of a frame is done when the next task runs.
  const paintedMs = await page.evaluate(`new Promise((resolve) => {
    history.pushState(null, '', '/calls/${LONG_CALL}');
    dispatchEvent(new PopStateEvent('popstate'));
    const look = () => {
      const isThere = document.querySelectorAll('.line').length >= ${turns} && document.querySelector('.trace-plot');
      if (!isThere) return requestAnimationFrame(look);
      const { responseEnd } = performance.getEntriesByType('resource').findLast(({ name }) => name.includes('/calls/${LONG_CALL}'));
      setTimeout(() => resolve(performance.now() - responseEnd));
    };
    requestAnimationFrame(look);
  })`);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const threads = new Set(mains.map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(
    ({ name, pid, tid, dur }) => name.includes('RunTask') && threads.has(`${pid} ${tid}`) && dur > 0,
  );
  const longest = Math.max(0, ...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
  const nodes = await page.evaluate('document.querySelectorAll("*").length');
  return (
    `a call of ${turns} turns: painted ${Math.round(paintedMs)} ms after its answer; ` +
    `its longest task took ${Math.round(longest)} ms of CPU; ${nodes} elements, ` +
    `${await page.evaluate('document.querySelectorAll(".trace *").length')} of them the course`
  );
}
