/** Thousands of streams that are opened within seconds, beside some that are open and receive their events. */
import { offered, openStreams } from '../window.mjs';
import { TENANTS } from '../options.mjs';

const OPEN = 500;
const RATE = 200;
const STORM_MS = 5000;
const LIMIT_MS = 60_000;
/** Tenants of the open streams. New streams belong to other tenants, so that their deliveries do not count. */
const BUSY_TENANTS = TENANTS / 2;

export const rows = (options) => [
  { key: 'stormUnanswered', label: `of ${options.crowd.toLocaleString('en')} streams opened in 5 s, not answered`, target: 0 },
  { key: 'stormP50Ms', label: '… first byte p50, ms' },
  { key: 'stormP99Ms', label: '… first byte p99, ms', target: 5000 },
  { key: 'stormAllMs', label: '… until all were answered, ms' },
  { key: 'calmP99Ms', label: `those already open (${OPEN}, ${RATE} events/s), latency p99 before, ms` },
  { key: 'stormyP99Ms', label: '… meanwhile' },
  { key: 'stormyRatio', label: '… ratio', target: 2 },
  { key: 'bareStormyP99Ms', label: '… of a bare server in the same storm, meanwhile' },
  { key: 'bareStormyRatio', label: '… ratio to its own before' },
]; // prettier-ignore

export async function measure(visit) {
  const ours = await storm(visit, visit.subject);
  const server = await visit.startBare();
  const bare = await storm(visit, server);
  await server.end();
  return {
    stormUnanswered: visit.options.crowd - ours.answered,
    stormP50Ms: ours.p50Ms,
    stormP99Ms: ours.p99Ms,
    stormAllMs: ours.allMs,
    calmP99Ms: ours.calmP99Ms,
    stormyP99Ms: ours.stormyP99Ms,
    stormyRatio: ours.stormyP99Ms / ours.calmP99Ms,
    bareStormyP99Ms: bare.stormyP99Ms,
    bareStormyRatio: bare.stormyP99Ms / bare.calmP99Ms,
  };
}

async function storm({ readers, crowd, options }, subject) {
  const offer = { rate: RATE, eventsARequest: 1, agents: BUSY_TENANTS };
  const window = { subject, readers, offer, readersAnEvent: OPEN / BUSY_TENANTS, options };
  await openStreams(window, OPEN, BUSY_TENANTS);
  const calm = await offered(window);
  const tokens = Array.from({ length: options.crowd }, (_, index) =>
    subject.readerToken(BUSY_TENANTS + (index % BUSY_TENANTS)),
  );
  let flood;
  const begin = () => (flood = crowd.ask('flood', { port: subject.port, tokens, forMs: STORM_MS, limitMs: LIMIT_MS }));
  const stormy = await offered({ ...window, forMs: STORM_MS, begin });
  const answers = await flood;
  await crowd.ask('close');
  await readers.ask('close', { keep: 0 });
  return { ...answers, calmP99Ms: calm.report.p99Us / 1000, stormyP99Ms: stormy.report.p99Us / 1000 };
}
