/**
 * From the request that brings an event to the reader that gets it, at a modest rate: how much of that comes after the
 * commit, and how much is not the append. Every event has as many readers as any other, so the means can be separated.
 */
import { offered, openStreams } from '../window.mjs';
import { readMetrics } from './metric.mjs';
import { TENANTS } from '../options.mjs';

const RATE = 200;
const STREAMS = 500;

/** Reports when appends were answered, by the senders' clock. */
export const preload = 'commits.mjs';

export const rows = () => [
  { key: 'latencyP50Ms', label: `latency ingest → client p50, ms: ${RATE} events/s, ${STREAMS} streams`, target: 6 },
  { key: 'latencyP99Ms', label: '… p99', target: 40 },
  { key: 'appendMeanMs', label: '… of which the append, commit included, mean' },
  { key: 'besidesMeanMs', label: '… all but the append, mean' },
  { key: 'bareMeanMs', label: '… bare server, mean' },
  { key: 'besidesRatio', label: '… all but the append ÷ bare server' },
  { key: 'afterMeanMs', label: '… from the answer of the append to the client, mean' },
  { key: 'afterRatio', label: '… from the answer of the append to the client ÷ bare server', target: 2 },
];

export async function measure(visit) {
  const { report, appendMeanMs, committedMeanMs } = await withAppends(visit);
  const server = await visit.startBare();
  const bareMeanMs = (await latency(visit, server)).meanUs / 1000;
  await server.end();
  const meanMs = report.meanUs / 1000;
  const [besidesMeanMs, afterMeanMs] = [meanMs - appendMeanMs, meanMs - committedMeanMs];
  return {
    latencyP50Ms: report.p50Us / 1000,
    latencyP99Ms: report.p99Us / 1000,
    appendMeanMs,
    bareMeanMs,
    besidesMeanMs,
    besidesRatio: besidesMeanMs / bareMeanMs,
    afterMeanMs,
    afterRatio: afterMeanMs / bareMeanMs,
  };
}

/** Ours, with how long an append took in the window, and how long after it was sent an event's append was answered. */
async function withAppends(visit) {
  const { subject } = visit;
  let before;
  const report = await latency(visit, subject, () => (before = readMetrics(subject)));
  const [then, now] = [await before, await readMetrics(subject)];
  const grown = (name) => now(name) - then(name);
  const meanMs = (name) => (grown(`${name}_sum`) / grown(`${name}_count`)) * 1000;
  return {
    report,
    appendMeanMs: meanMs('switchboard_append_seconds'),
    committedMeanMs: meanMs('bench_commit_seconds'),
  };
}

async function latency({ readers, options }, subject, begin) {
  await openStreams({ subject, readers }, STREAMS, TENANTS);
  const offer = { rate: RATE, eventsARequest: 1 };
  const { report } = await offered({ subject, readers, offer, readersAnEvent: STREAMS / TENANTS, options, begin });
  await readers.ask('close', { keep: 0 });
  return report;
}
