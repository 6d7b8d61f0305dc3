/** What waits for a turn costs next to nothing: an event is read when its attempt begins. */
import type { CallsService } from '../../src/calls/lists/calls.service.js';
import type { LoggedEvent } from '../../src/events/log/event.js';
import { Endpoint } from '../../src/webhooks/endpoint.js';
import { Sender } from '../../src/webhooks/sender.js';
import { waitFor } from '../support/wait-for.js';

const CONNECTIONS = 8;

it('reads no more events than it has requests under way', async () => {
  const answers: (() => void)[] = [];
  const outcome = { at: new Date(), ms: 1, isDelivered: true, status: 204, reason: null, response: '', retryAfterMs: undefined }; // prettier-ignore
  const client = { send: () => new Promise((resolve) => answers.push(() => resolve(outcome))) };
  const sender = new Sender(client as never, {} as CallsService, { concerns: () => false } as never); // prettier-ignore
  const row = { id: 'wh_1', tenantId: 'acme', url: 'https://example.com/', filter: {}, each: 'event', format: 'standard', waiting: 0, heldCalls: null, failures: 0, secret: 'x', previousSecret: null }; // prettier-ignore
  const endpoint = new Endpoint(row as never);
  let read = 0;
  const attempt = (seq: number) => {
    const event = { type: 'a', at: '', callId: null, agent: '', data: '{}', seq, tenantId: 'acme' };
    const reading = () => Promise.resolve((read += 1) > 0 ? (event as never as LoggedEvent) : undefined);
    return sender.attempt(endpoint, reading, null, 0, new AbortController().signal);
  };
  const attempts = Array.from({ length: 100 }, (_, seq) => attempt(seq + 1));
  for (let answered = 0; answered < 100; answered += 1) {
    await waitFor(() => answers.length > 0, 'a request');
    expect(read).toBeLessThanOrEqual(answered + CONNECTIONS);
    answers.shift()?.();
  }
  await Promise.all(attempts);
  expect(read).toBe(100);
});
