/** What an operator can watch of recordings and steering. No label holds a name of a tenant, an agent or a call. */
import { Counter, Gauge } from 'prom-client';
import { metrics } from '../common/metrics.js';

const registers = [metrics];

export const recordingsServed = new Counter({
  name: 'switchboard_recordings_total',
  help: 'Requests for recordings that were passed on, by what became of them: sent; gone (the client left or was cut); broken (the source stopped in between); none; refused (the source, or the address of the audio, is not allowed); unavailable (no answer).',
  labelNames: ['outcome'],
  registers,
});

export const recordingsOpen = new Gauge({
  name: 'switchboard_recordings_open',
  help: 'Recordings that are being sent.',
  registers,
});

export const verbsSent = new Counter({
  name: 'switchboard_verbs_total',
  help: 'Requests to steer a call that went to its source, by what became of them: accepted; over; invalid; refused (the key may not steer); unavailable (no answer).',
  labelNames: ['outcome'],
  registers,
});

for (const outcome of ['refused', 'unavailable']) {
  recordingsServed.inc({ outcome }, 0);
  verbsSent.inc({ outcome }, 0);
}
recordingsServed.inc({ outcome: 'broken' }, 0);
