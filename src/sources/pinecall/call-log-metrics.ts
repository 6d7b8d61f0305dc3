/** What an operator can watch of the call log's readers. No label holds a name of an agent or a call. */
import { Counter, Gauge } from 'prom-client';
import { metrics } from '../../common/metrics.js';

const registers = [metrics];

export const logsAttached = new Gauge({
  name: 'switchboard_call_log_attached',
  help: 'Logs of the voice server that are being read.',
  labelNames: ['kind'],
  registers,
});

export const attachmentsEnded = new Counter({
  name: 'switchboard_call_log_attachments_ended_total',
  help: 'Attachments that ended, by why.',
  labelNames: ['reason'],
  registers,
});

export const entriesPassedOver = new Counter({
  name: 'switchboard_call_log_passed_over_total',
  help: 'Entries of the call log that are not valid.',
  registers,
});
