/** Thousands of streams that are opened within seconds, beside some that are open and get their events. */
import { offered, openStreams } from '../window.mjs';
import { TENANTS } from '../options.mjs';

const OPEN = 500;
const RATE = 200;
const STORM_MS = 5000;
const LIMIT_MS = 60_000;
/** Tenants of those who are open; those who come are the others', so that their deliveries don't count. */
const BUSY_TENANTS = TENANTS / 2;

export const rows = (options) => [
  { key: 'stormUnanswered', label: `of ${options.crowd.toLocaleString('en')} streams opened in 5 s, not answered`, target: 0 },
  { key: 'stormP50Ms', label: '… first byte p50, ms' },
  { key: 'stormP99Ms', label: '… first byte p99, ms', target: 5000 },
  { key: 'stormAllMs', label: '… until all were answered, ms' },
  { key: 'calmP99Ms', label: `those already open (${OPEN}, ${RATE} events/s), latency p99 before, ms` },
  { key: 'stormyP99Ms', label: '… meanwhile' },
  { key: 'stormyRatio', label: '… ratio', target: 2 },
]; // prettier-ignore

export async function measure({ subject, readers, crowd, options }) {
  const offer = { rate: RATE, eventsARequest: 1, agents: BUSY_TENANTS };
  const window = { subject, readers, offer, readersAnEvent: OPEN / BUSY_TENANTS, options };
  await openStreams(window, OPEN, BUSY_TENANTS);
  const calm = await offered(window);
  const tokens = Array.from({ length: options.crowd }, (_, index) =>
    subject.readerToken(BUSY_TENANTS + (index % BUSY_TENANTS)),
  );
  let storm;
  const begin = () => (storm = crowd.ask('flood', { port: subject.port, tokens, forMs: STORM_MS, limitMs: LIMIT_MS }));
  const stormy = await offered({ ...window, forMs: STORM_MS, begin });
  const { answered, p50Ms, p99Ms, allMs } = await storm;
  await crowd.ask('close');
  await readers.ask('close', { keep: 0 });
  return {
    stormUnanswered: options.crowd - answered,
    stormP50Ms: p50Ms,
    stormP99Ms: p99Ms,
    stormAllMs: allMs,
    calmP99Ms: calm.report.p99Us / 1000,
    stormyP99Ms: stormy.report.p99Us / 1000,
    stormyRatio: stormy.report.p99Us / calm.report.p99Us,
  };
}
