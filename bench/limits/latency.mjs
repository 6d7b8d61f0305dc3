/** From the request that brings an event to the reader that gets it, at a modest rate; and what of that is not the commit. */
import { offered, openStreams } from '../window.mjs';
import { metric } from './metric.mjs';
import { TENANTS } from '../options.mjs';

const RATE = 200;
const STREAMS = 500;

export const rows = () => [
  { key: 'latencyP50Ms', label: `latency ingest → client p50, ms: ${RATE} events/s, ${STREAMS} streams`, target: 6 },
  { key: 'latencyP99Ms', label: '… p99', target: 40 },
  { key: 'appendMeanMs', label: '… of which the append, commit included, mean' },
  { key: 'besidesMeanMs', label: '… all but the append, mean' },
  { key: 'bareMeanMs', label: '… bare server, mean' },
  { key: 'besidesRatio', label: '… all but the append ÷ bare server', target: 2 },
];

export async function measure(visit) {
  const before = await appends(visit.subject);
  const ours = await latency(visit, visit.subject);
  const after = await appends(visit.subject);
  const appendMeanMs = ((after.sum - before.sum) / (after.count - before.count)) * 1000;
  const server = await visit.startBare();
  const bare = await latency(visit, server);
  await server.end();
  const besidesMeanMs = ours.meanUs / 1000 - appendMeanMs;
  return {
    latencyP50Ms: ours.p50Us / 1000,
    latencyP99Ms: ours.p99Us / 1000,
    appendMeanMs,
    besidesMeanMs,
    bareMeanMs: bare.meanUs / 1000,
    besidesRatio: besidesMeanMs / (bare.meanUs / 1000),
  };
}

const appends = async (subject) => ({
  sum: await metric(subject, 'switchboard_append_seconds_sum'),
  count: await metric(subject, 'switchboard_append_seconds_count'),
});

async function latency({ readers, options }, subject) {
  await openStreams({ subject, readers }, STREAMS, TENANTS);
  const offer = { rate: RATE, eventsARequest: 1 };
  const { report } = await offered({ subject, readers, offer, readersAnEvent: STREAMS / TENANTS, options });
  await readers.ask('close', { keep: 0 });
  return report;
}
