/** An event for ten readers: alone, and among thousands of streams of a thousand other tenants. */
import { createTenants } from '../switchboard.mjs';
import { offered, openStreams } from '../window.mjs';
import { TENANTS } from '../options.mjs';

const READERS = 10;
const OTHER_TENANTS = 1000;
const RATE = 200;

export const rows = (options) => [
  { key: 'amongFewUs', label: `CPU µs an event for ${READERS} readers, alone` },
  { key: 'amongManyUs', label: `… among ${options.crowd.toLocaleString('en')} streams of ${OTHER_TENANTS} tenants` },
  { key: 'amongRatio', label: '… ratio', target: 1.2 },
  { key: 'amongP50Ratio', label: '… ratio of the latencies p50' },
];

export async function measure({ subject, readers, crowd, options, progress }) {
  const offer = { agent: 0, rate: RATE, eventsARequest: 1 };
  const window = { subject, readers, offer, readersAnEvent: READERS, options };
  await openStreams(window, READERS, 1);
  await offered(window); // The first one pays for code that V8 has not compiled yet.
  const few = await offered(window);
  progress(`${OTHER_TENANTS} tenants, ${options.crowd} streams`);
  const tokens = await createTenants(subject.port, subject.ingestToken, TENANTS, OTHER_TENANTS);
  const others = Array.from({ length: options.crowd - READERS }, (_, index) => tokens[index % tokens.length]);
  const { answered } = await crowd.ask('flood', { port: subject.port, tokens: others, forMs: options.crowd, limitMs: 60_000 });
  if (answered !== others.length) throw new Error(`${others.length - answered} streams did not open`);
  const many = await offered(window);
  await crowd.ask('close');
  await readers.ask('close', { keep: 0 });
  const eventUs = ({ costUs, events }) => costUs / events;
  return {
    amongFewUs: eventUs(few),
    amongManyUs: eventUs(many),
    amongRatio: eventUs(many) / eventUs(few),
    amongP50Ratio: many.report.p50Us / few.report.p50Us,
  };
} // prettier-ignore
