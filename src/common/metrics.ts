/**
 * Metrics that are counted as things happen, for /metrics. Metrics that can be looked up are looked up at each scrape
 * (health/samples.ts). One registry a process; labels never hold names of tenants, agents or calls.
 */
import { Counter, Histogram, Registry } from 'prom-client';

export const metrics = new Registry();
const registers = [metrics];

export const eventsIn = new Counter({
  name: 'switchboard_events_in_total',
  help: 'Events that came in, by what became of them.',
  labelNames: ['outcome'],
  registers,
});

export const ephemeralDropped = new Counter({
  name: 'switchboard_ephemeral_dropped_total',
  help: 'Ephemeral events not given to readers of this process: a later event of their call had gone out (late), or too many waited (no-room).',
  labelNames: ['reason'],
  registers,
});

export const appendSeconds = new Histogram({
  name: 'switchboard_append_seconds',
  help: 'Time of one append to the event log, commit included.',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  registers,
});

export const appendEvents = new Histogram({
  name: 'switchboard_append_events',
  help: 'Events of one append to the event log: its batch.',
  buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2000],
  registers,
});

export const appendFailures = new Counter({
  name: 'switchboard_append_failures_total',
  help: 'Appends that failed, by what ailed the database ("ours": a bug); nothing of them was acknowledged, all of it comes again.',
  labelNames: ['reason'],
  registers,
});

export const eventsOut = new Counter({
  name: 'switchboard_events_out_total',
  help: 'Events given to readers, one for each reader: as they happen (live), or out of the log to who is behind.',
  labelNames: ['way'],
  registers,
});

eventsIn.inc({ outcome: 'refused' }, 0);

export const streamsClosed = new Counter({
  name: 'switchboard_streams_closed_total',
  help: 'Event streams that ended, by why: what the server ended them for, or client.',
  labelNames: ['reason'],
  registers,
});

// Series start at 0: a series that begins with its first event shows no increase, so no alert would fire.
for (const reason of ['slow-reader', 'dead-link', 'failure']) streamsClosed.inc({ reason }, 0);

export const connectionsCut = new Counter({
  name: 'switchboard_connections_cut_total',
  help: 'Connections that the server cut, streams apart: too many strangers, too many that nobody uses, an answer that nobody reads, too many pipelined requests.',
  labelNames: ['reason'],
  registers,
});

for (const reason of ['stranger', 'idle', 'unread', 'pipelined']) connectionsCut.inc({ reason }, 0);

export const placesLost = new Counter({
  name: 'switchboard_stream_places_lost_total',
  help: 'Places of streams that were still held after their connection was gone, and were given back: a fault of ours.',
  registers,
});

export const sourceRestarts = new Counter({
  name: 'switchboard_source_restarts_total',
  help: 'Times that a source was run again after its upstream failed or ended.',
  labelNames: ['source'],
  registers,
});

export const sourceEventsLost = new Counter({
  name: 'switchboard_source_events_lost_total',
  help: 'Events lost because a source that cannot wait had too many waiting (readers are told log.gap); messages that a broker removed unread.',
  labelNames: ['source'],
  registers,
});

export const sourceRetries = new Counter({
  name: 'switchboard_source_append_retries_total',
  help: 'Times that a source tried an append again because it had failed.',
  labelNames: ['source'],
  registers,
});

export const eventsProjected = new Counter({
  name: 'switchboard_calls_events_projected_total',
  help: 'Events of the log that were taken into the calls, by what became of them.',
  labelNames: ['outcome'],
  registers,
});

eventsProjected.inc({ outcome: 'passed over' }, 0);

export const projectionSeconds = new Histogram({
  name: 'switchboard_calls_projection_seconds',
  help: 'Time of one batch of the projection of calls.',
  buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  registers,
});

export const eventsErased = new Counter({
  name: 'switchboard_events_erased_total',
  help: 'Events that were removed because their tenant was erased.',
  registers,
});

export const eventsExpired = new Counter({
  name: 'switchboard_events_expired_total',
  help: 'Events that were removed when their time of retention was over.',
  registers,
});

export const readerEvents = new Counter({
  name: 'switchboard_reader_events_total',
  help: 'Events that durable readers of the log (webhooks) have been through, by their kind.',
  labelNames: ['kind'],
  registers,
});

export const readerSkipped = new Counter({
  name: 'switchboard_reader_skipped_total',
  help: 'Events that a durable reader of the log could not digest and passed over, by its kind.',
  labelNames: ['kind'],
  registers,
});

export const rulesEvaluated = new Counter({
  name: 'switchboard_rules_events_total',
  help: 'Events that live rules have been through.',
  registers,
});

export const rulesFired = new Counter({
  name: 'switchboard_rules_fired_total',
  help: 'What live rules have said, by what became of it: stored; duplicate: it had been said before a death; refused: more had come of the call; erased.',
  labelNames: ['outcome'],
  registers,
});

export const webhookAttempts = new Counter({
  name: 'switchboard_webhook_attempts_total',
  help: 'Requests to endpoints of tenants, by what became of them.',
  labelNames: ['outcome'],
  registers,
});
