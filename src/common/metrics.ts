/** What an operator can watch at /metrics. One registry a process; labels never hold names of tenants, agents or calls. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export const metrics = new Registry();
const registers = [metrics];

export const eventsIn = new Counter({
  name: 'switchboard_events_in_total',
  help: 'Events that came in, by what became of them.',
  labelNames: ['outcome'],
  registers,
});

export const appendSeconds = new Histogram({
  name: 'switchboard_append_seconds',
  help: 'Time of one append to the event log, commit included.',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  registers,
});

export const openStreams = new Gauge({
  name: 'switchboard_streams_open',
  help: 'Event streams that are open.',
  registers,
});

export const streamsClosed = new Counter({
  name: 'switchboard_streams_closed_total',
  help: 'Event streams that ended, by who ended them and why.',
  labelNames: ['reason'],
  registers,
});

export const sourceRestarts = new Counter({
  name: 'switchboard_source_restarts_total',
  help: 'Times that a source was run again after its upstream failed or ended.',
  labelNames: ['source'],
  registers,
});

export const sourceRetries = new Counter({
  name: 'switchboard_source_append_retries_total',
  help: 'Times that a source tried an append again because the database was away.',
  labelNames: ['source'],
  registers,
});

export const eventsProjected = new Counter({
  name: 'switchboard_calls_events_projected_total',
  help: 'Events of the log that were taken into the calls, by what became of them.',
  labelNames: ['outcome'],
  registers,
});

export const projectionSeconds = new Histogram({
  name: 'switchboard_calls_projection_seconds',
  help: 'Time of one batch of the projection of calls.',
  buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  registers,
});

export const eventsExpired = new Counter({
  name: 'switchboard_events_expired_total',
  help: 'Events that were removed when their time of retention was over.',
  registers,
});
