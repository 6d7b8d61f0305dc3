/** What is done to one server in one round, and the resulting figures. */
import { setTimeout as wait } from 'node:timers/promises';
import { closedLoop, fixedRate } from './load.mjs';
import { TENANTS } from './options.mjs';
import { cpuOfFamilyUs, cpuShare, cpuUs, settledKb, untilQuiet } from './process-stat.mjs';
import { measureRights } from './rights.mjs';

/** Ingest as fast as it is answered: how many connections, and events a request. */
export const INGEST_CASES = [
  { connections: 4, eventsARequest: 1000 },
  { connections: 4, eventsARequest: 100 },
  { connections: 32, eventsARequest: 1 },
  { connections: 1, eventsARequest: 1 },
];
const INGEST_WARM_UP_MS = 500;
/** Before the first figure: enough requests and a few streams, so that V8 has compiled their code. */
const WARM_UP_MS = 1500;
const WARM_UP_STREAMS = TENANTS;
/** How long a server has to notice closed streams, and the longest that it may need to finish with them. */
const CLOSE_MS = 200;
const QUIET_MS = 5000;
/** The longest wait for deliveries that are still due when the last event was answered. */
const DRAIN_MS = 3000;

/**
 * @typedef {Record<string, number>} Figures  by the keys of `report.mjs`
 * @typedef {object} Visit
 * @property {import('./children.mjs').Subject} subject
 * @property {ReturnType<typeof import('./children.mjs').startReaders>} readers
 * @property {import('./options.mjs').Options} options
 * @property {(phase: string) => void} progress
 */

/** Fills `figures` part by part. @param {Visit} visit @param {Figures} figures */
export async function measure(visit, figures) {
  const { subject, readers, options } = visit;
  const { ingest, delivery, idle, rights } = options.parts;
  if (delivery || idle) {
    visit.progress('warming up');
    await open(visit, WARM_UP_STREAMS);
    await fixedRate(subject, { rate: options.rate, forMs: WARM_UP_MS });
    await closeDownTo(readers, 0);
    await measureStreams(visit, figures);
  }
  if (rights && subject.databasePid !== undefined) {
    await open(visit, options.streams);
    Object.assign(figures, await measureRights(visit));
    await closeDownTo(readers, 0);
  }
  if (ingest && subject.databasePid !== undefined) await measureIngest(visit, figures);
}

async function measureStreams(visit, figures) {
  const { subject, readers, options } = visit;
  if (options.parts.idle) {
    visit.progress(`${options.streams} idle streams`);
    const emptyKb = await settledKb(subject.pid, options.settleMs);
    const idleKb = async (streams) => {
      await open(visit, streams);
      return ((await settledKb(subject.pid, options.settleMs)) - emptyKb) / streams;
    };
    figures.idleKb = await idleKb(options.streams);
    if (options.manyStreams > options.streams) {
      visit.progress(`${options.manyStreams} idle streams`);
      figures.idleManyKb = await idleKb(options.manyStreams);
      await closeDownTo(readers, options.streams);
    }
  }
  if (options.parts.delivery) Object.assign(figures, await measureDelivery(visit));
  await closeDownTo(readers, 0);
}

/** A delivery's CPU: what the process uses beyond its idle use, minus what the same ingest uses when nobody reads. */
async function measureDelivery(visit) {
  const { subject, readers, options, progress } = visit;
  await open(visit, options.streams);
  progress(`delivering ${options.rate} events/s to ${options.streams} streams`);
  const idleShare = async () => {
    await untilQuiet(subject.pid, QUIET_MS);
    return cpuShare(subject.pid, options.idleMs);
  };
  const offer = (forMs) => offerEvents(visit, options.streams / TENANTS, forMs);
  const idle = await idleShare();
  await offer(WARM_UP_MS);
  const read = await offer(options.deliverMs);
  const report = await readers.ask('report');
  await closeDownTo(readers, 0);
  progress('the same events without readers');
  const idleAlone = await idleShare();
  const unread = await offerEvents(visit, 0, options.deliverMs);
  const grossUs = (read.cpuUs - idle * read.tookUs) / report.deliveries;
  const ingestUs = (unread.cpuUs - idleAlone * unread.tookUs) / unread.events;
  return {
    deliveryNetUs: grossUs - (ingestUs * read.events) / report.deliveries,
    deliveryGrossUs: grossUs,
    ingestUs,
    idleCpuPercent: idle * 100,
    p50Ms: report.p50Us / 1000,
    p99Ms: report.p99Us / 1000,
    missing: read.events * (options.streams / TENANTS) - report.deliveries + report.outOfOrder,
    frameBytes: report.frameBytes,
  };
}

/** Offers events at the fixed rate until every reader has them. */
async function offerEvents({ subject, readers, options }, readersAnEvent, forMs) {
  await readers.ask('watch');
  const startedAt = performance.now();
  const before = cpuUs(subject.pid);
  const events = await fixedRate(subject, { rate: options.rate, forMs });
  for (const end = performance.now() + DRAIN_MS; readersAnEvent > 0 && performance.now() < end; await wait(10)) {
    if ((await readers.ask('count')) >= events * readersAnEvent) break;
  }
  return { events, cpuUs: cpuUs(subject.pid) - before, tookUs: (performance.now() - startedAt) * 1000 };
}

/** Events committed a second, and what one costs the process and its PostgreSQL. */
async function measureIngest({ subject, options, progress }, figures) {
  for (const { connections, eventsARequest } of INGEST_CASES) {
    const key = ingestKey(connections, eventsARequest);
    progress(`ingest, ${connections} connections × ${eventsARequest} events a request`);
    const cpu = () => [cpuUs(subject.pid), cpuOfFamilyUs(subject.databasePid)];
    let before = cpu();
    const { eventsPerSecond, events } = await closedLoop(subject, {
      connections,
      eventsARequest,
      warmUpMs: INGEST_WARM_UP_MS,
      forMs: options.ingestMs,
      onMeasuring: () => (before = cpu()),
    });
    const after = cpu();
    figures[key] = eventsPerSecond;
    figures[`${key}Us`] = (after[0] - before[0]) / events;
    figures[`${key}DatabaseUs`] = (after[1] - before[1]) / events;
  }
}

export const ingestKey = (connections, eventsARequest) => `ingest${connections}x${eventsARequest}`;

/** Opens streams until there are `count`, dealt out to the tenants in turn. */
async function open({ subject, readers }, count) {
  const open = await readers.ask('size');
  const tokens = Array.from({ length: count - open }, (_, index) => subject.readerToken((open + index) % TENANTS));
  await readers.ask('open', { port: subject.port, tokens, readyMark: subject.readyMark });
}

async function closeDownTo(readers, count) {
  await readers.ask('close', { keep: count });
  await wait(CLOSE_MS);
}
