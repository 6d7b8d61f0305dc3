/** What an operator can watch of the readers of a gateway. No label holds a name of an agent, a call or an org. */
import { Counter, Gauge } from 'prom-client';
import { metrics } from '../../common/metrics.js';

const registers = [metrics];

export const callsFollowed = new Gauge({
  name: 'switchboard_pinecall2_calls_followed',
  help: 'Calls of a gateway whose logs are being read, by how: as a stream or in pages.',
  labelNames: ['by'],
  registers,
});

export const gatewayRequests = new Counter({
  name: 'switchboard_pinecall2_requests_total',
  help: 'Requests to a gateway, by the status of the answer.',
  labelNames: ['status'],
  registers,
});

export const entriesLeftOut = new Counter({
  name: 'switchboard_pinecall2_entries_left_out_total',
  help: 'Entries of calls that became no event: not valid, or held back.',
  labelNames: ['why'],
  registers,
});
