// `node scripts/compatibility/event-source.mjs [--away 45]`: what stands between a browser and us, for real. Two
// processes behind nginx and HAProxy by the configurations of deploy/, and behind an HAProxy that knows nothing but
// `/readyz`; Chromium's own EventSource through each. The database goes away for so many seconds, comes back, falls
// silent for as many; each process is replaced (LEAVE_SECONDS=3). Then: has each EventSource come back by itself, with
// every event once? And POSTs on connections that were idle for as long as balancers keep them.
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EventSources } from './event-sources.mjs';
import { Balancers } from './balancers.mjs';
import { postAfterIdling } from './idle-posts.mjs';
import { Site } from './site.mjs';

const { values } = parseArgs({ options: { away: { type: 'string', default: '45' } } });
const AWAY_MS = Number(values.away) * 1000;
/** How long a working EventSource may take to reconnect. */
const BACK_MS = 15_000;

const site = await Site.start();
const balancers = await Balancers.start(site.ports);
const results = [];
let browser;
try {
  browser = await EventSources.start();
  for (const [name, url] of Object.entries(balancers.urls)) await browser.open(name, url + site.streamPath);
  await step('events as they come', () => undefined);
  await step(`database away for ${values.away} s`, async () => {
    site.database.cut();
    await wait(AWAY_MS);
    site.database.open();
    await site.ready();
  });
  await step(`database silent for ${values.away} s`, async () => {
    site.database.fallSilent();
    await wait(AWAY_MS);
    site.database.open();
    await site.ready();
  });
  await step('each process replaced', () => site.replaceEach());
  // A balancer that knows nothing of streams answers 503 then, and an EventSource gives up.
  await browser.close('haproxy, plain');
  await step('all processes gone for 8 s', async () => {
    await site.stopAll();
    await wait(8000);
    await site.startAll();
  });
  for (const idleSeconds of [6, 58, 76])
    results.push({
      what: `240 POSTs on connections idle for ${idleSeconds} s`,
      ...(await postAfterIdling(site.ports[0], idleSeconds)),
    });
} finally {
  await browser?.stop();
  await balancers.stop();
  await site.stop();
}
console.table(results);
process.exit(results.every(({ failed }) => failed === 0) ? 0 : 1);

/** Does it, then sends a new event, and checks that each EventSource has received every event, once and in order. */
async function step(what, act) {
  await act();
  const last = await site.say(3);
  const deadline = performance.now() + BACK_MS;
  let heard = await browser.heard();
  while (performance.now() < deadline && !Object.values(heard).every(({ ids }) => ids.at(-1) === last)) {
    await wait(200);
    heard = await browser.heard();
  }
  for (const [through, { ids, state, closed }] of Object.entries(heard)) {
    const isWhole = ids.every((id, index) => id === index + 1) && ids.at(-1) === last;
    results.push({ what, through, failed: Number(!isWhole), heard: ids.length, of: last, state, closed });
    console.log(what, through, isWhole ? 'whole' : `BROKEN (state ${state})`, `${ids.length} of ${last}`);
  }
}
