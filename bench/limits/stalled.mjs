/** Readers that do not read, beside as many that do, all of one tenant. */
import { setTimeout as wait } from 'node:timers/promises';
import { fixedRate } from '../load.mjs';
import { residentKb, settledKb } from '../process-stat.mjs';
import { offered, openStreams } from '../window.mjs';
import { metric } from './metric.mjs';

const READERS = 200;
const STALLED = 200;
const RATE = 100;
/** Longer events, so that the kernel's buffer for a stalled reader fills soon. */
const PADDING = '.'.repeat(2000);
const FILL_RATE = RATE * 4;
const LIMIT_MS = 90_000;
/** Bytes that wait in the process for all of them together, once their sockets are full. */
const STALLED_BYTES = STALLED * 32 * 1024;
const AGENT = 2;
const SAMPLE_MS = 200;

export const rows = () => [
  { key: 'healthyP99Ms', label: `latency p99 of ${READERS} readers, ${RATE} events/s of 2 KB, ms` },
  { key: 'besideStalledP99Ms', label: `… beside ${STALLED} who do not read` },
  { key: 'besideStalledRatio', label: '… ratio', target: 1.5 },
  { key: 'stalledKb', label: '… resident growth a stalled reader at the most, KB', target: 512 },
  { key: 'firstCutMs', label: '… from no more taken to the first cut, ms' },
  { key: 'lastCutMs', label: '… to the last, ms', target: 30_000 },
  { key: 'notCut', label: '… not cut', target: 0 },
];

export async function measure({ subject, readers, crowd, options, progress }) {
  const offer = { agent: AGENT, rate: RATE, eventsARequest: 1, padding: PADDING };
  const window = { subject, readers, offer, readersAnEvent: READERS, options };
  const tokenOf = { ...subject, readerToken: () => subject.readerToken(AGENT) };
  await openStreams({ subject: tokenOf, readers }, READERS, 1);
  const healthy = await offered(window);
  const beforeKb = await settledKb(subject.pid, options.settleMs);
  await crowd.ask('stall', { port: subject.port, tokens: Array.from({ length: STALLED }, () => tokenOf.readerToken()) });
  progress(`${STALLED} readers who do not read: until the kernel holds no more for them`);
  const watching = watchCuts(subject, beforeKb);
  const { state } = watching;
  // Until then they are ordinary readers.
  while (Number.isNaN(state.stalledMs)) await fixedRate(subject, { ...offer, rate: FILL_RATE, forMs: 500 });
  progress('beside them');
  const beside = await offered(window);
  while (state.cut < STALLED && performance.now() - watching.startedAt < LIMIT_MS) await fixedRate(subject, { ...offer, forMs: 1000 });
  await watching.end();
  await crowd.ask('close');
  await readers.ask('close', { keep: 0 });
  return {
    healthyP99Ms: healthy.report.p99Us / 1000,
    besideStalledP99Ms: beside.report.p99Us / 1000,
    besideStalledRatio: beside.report.p99Us / healthy.report.p99Us,
    stalledKb: (state.mostKb - beforeKb) / STALLED,
    firstCutMs: state.firstCutMs - state.stalledMs,
    lastCutMs: state.lastCutMs - state.stalledMs,
    notCut: STALLED - state.cut,
  };
} // prettier-ignore

/** Watches the server's memory and how many readers it has cut, until told to end. */
function watchCuts(subject, beforeKb) {
  const startedAt = performance.now();
  const state = { cut: 0, mostKb: beforeKb, stalledMs: NaN, firstCutMs: NaN, lastCutMs: NaN };
  let isOver = false;
  const work = (async () => {
    while (!isOver) {
      await wait(SAMPLE_MS);
      state.mostKb = Math.max(state.mostKb, residentKb(subject.pid));
      const pending = await metric(subject, 'switchboard_streams_pending_bytes');
      if (Number.isNaN(state.stalledMs) && pending > STALLED_BYTES) state.stalledMs = performance.now() - startedAt;
      const cut = READERS + STALLED - (await metric(subject, 'switchboard_streams_open'));
      if (cut > 0 && state.cut === 0) state.firstCutMs = performance.now() - startedAt;
      if (cut > state.cut) state.lastCutMs = performance.now() - startedAt;
      state.cut = cut;
    }
  })();
  const end = async () => {
    isOver = true;
    await work;
  };
  return { state, startedAt, end };
}
