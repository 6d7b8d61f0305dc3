/**
 * Loaded into Switchboard before it starts, by the scenario that measures the time after the commit: when an append was
 * answered, by the clock of the events' senders. Reported in /metrics, as a sum and a count of seconds.
 */
import { Histogram } from 'prom-client';
import { metrics } from '../dist/common/metrics.js';
import { EventLog } from '../dist/events/log/event-log.js';

const SENT = /"sentUs":(\d+)/;
const committed = new Histogram({
  name: 'bench_commit_seconds',
  help: 'From sending an event to the answer of its append.',
  buckets: [],
  registers: [metrics],
});

const { append } = EventLog.prototype;
EventLog.prototype.append = async function (events, onlyTenant) {
  const rows = await append.call(this, events, onlyTenant);
  const nowUs = Number(process.hrtime.bigint() / 1000n);
  for (const { data } of events) {
    const sentUs = SENT.exec(data)?.[1];
    if (sentUs !== undefined) committed.observe((nowUs - Number(sentUs)) / 1e6);
  }
  return rows;
};
