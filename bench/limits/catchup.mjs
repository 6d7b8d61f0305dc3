/**
 * Single events in, one after the other, while the calls' tables catch up with a flood that has just ended; compared
 * with the same after they have.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { closedLoop } from '../load.mjs';
import { metric } from './metric.mjs';

const FLOOD = { connections: 4, eventsARequest: 100, warmUpMs: 0 };
const SINGLE = { connections: 1, eventsARequest: 1, warmUpMs: 0 };
const LIMIT_MS = 120_000;

export const rows = () => [
  { key: 'singlePerSecond', label: 'single events in, one after the other, events/s' },
  { key: 'singleP99Ms', label: '… p99, ms' },
  { key: 'catchingUpPerSecond', label: '… while the calls catch up with a flood' },
  { key: 'catchingUpP99Ms', label: '… p99, ms' },
  { key: 'catchingUpRatio', label: '… ratio', least: 0.8 },
  { key: 'catchUpPerSecond', label: '… calls meanwhile, events/s' },
  { key: 'catchUpAlonePerSecond', label: '… calls when nothing comes in, events/s' },
];

export async function measure({ subject, options, progress }) {
  const forMs = options.deliverMs;
  // Until the code is compiled: the few single events of a window are not enough for that.
  await closedLoop(subject, { ...FLOOD, forMs: 3000 });
  await caughtUp(subject);
  const alone = await closedLoop(subject, { ...SINGLE, forMs });
  progress('a flood');
  const flood = await closedLoop(subject, { ...FLOOD, forMs: options.deliverMs * 2 });
  progress('single events after it');
  const [before, startedAt] = [await projected(subject), performance.now()];
  const beside = await closedLoop(subject, { ...SINGLE, forMs });
  const [after, endedAt] = [await projected(subject), performance.now()];
  const left = (await accepted(subject)) - after;
  if (left === 0) throw new Error(`the calls caught up with ${flood.events} events before the window ended`);
  await caughtUp(subject);
  const tookMs = performance.now() - endedAt;
  return {
    singlePerSecond: alone.eventsPerSecond,
    singleP99Ms: alone.p99Ms,
    catchingUpPerSecond: beside.eventsPerSecond,
    catchingUpP99Ms: beside.p99Ms,
    catchingUpRatio: beside.eventsPerSecond / alone.eventsPerSecond,
    catchUpPerSecond: ((after - before) / (endedAt - startedAt)) * 1000,
    catchUpAlonePerSecond: (left / tookMs) * 1000,
  };
}

const projected = (subject) => metric(subject, 'switchboard_calls_events_projected_total');
const accepted = (subject) => metric(subject, 'switchboard_events_in_total', 'outcome="stored"');

async function caughtUp(subject) {
  for (const end = performance.now() + LIMIT_MS; performance.now() < end; await wait(50))
    if ((await projected(subject)) >= (await accepted(subject))) return;
  throw new Error('the calls did not catch up');
}
