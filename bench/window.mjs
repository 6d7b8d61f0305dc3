/**
 * A time in which events are sent at a fixed rate: what it cost the server beyond its idle use, and what the readers
 * received.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { fixedRate } from './load.mjs';
import { cpuShare, cpuUs, untilQuiet } from './process-stat.mjs';

const WARM_UP_MS = 1500;
const QUIET_MS = 4000;
const DRAIN_MS = 4000;

/**
 * @param {object} window
 * @param {import('./children.mjs').Subject} window.subject
 * @param {ReturnType<typeof import('./children.mjs').startReaders>} window.readers
 * @param {object} window.offer           see `fixedRate`
 * @param {number} window.readersAnEvent  0: nobody reads
 * @param {() => void} [window.begin]     what begins with the window
 * @returns {Promise<{events: number, costUs: number, report: object}>} CPU of the server's process net of its idle use
 */
export async function offered({
  subject,
  readers,
  offer,
  readersAnEvent,
  options,
  forMs = options.deliverMs,
  begin = () => undefined,
}) {
  await fixedRate(subject, { ...offer, forMs: WARM_UP_MS });
  await untilQuiet(subject.pid, QUIET_MS);
  const idle = await cpuShare(subject.pid, options.idleMs);
  await readers.ask('watch');
  begin();
  const [startedAt, before] = [performance.now(), cpuUs(subject.pid)];
  const events = await fixedRate(subject, { ...offer, forMs });
  for (const end = performance.now() + DRAIN_MS; readersAnEvent > 0 && performance.now() < end; await wait(10)) {
    if ((await readers.ask('count')) >= events * readersAnEvent) break;
  }
  const costUs = cpuUs(subject.pid) - before - idle * (performance.now() - startedAt) * 1000;
  return { events, costUs, report: await readers.ask('report') };
}

/** Opens streams, dealt out to `tenants` in turn. */
export async function openStreams({ subject, readers }, streams, tenants) {
  const tokens = Array.from({ length: streams }, (_, index) => subject.readerToken(index % tenants));
  await readers.ask('open', { port: subject.port, tokens, readyMark: subject.readyMark });
}
