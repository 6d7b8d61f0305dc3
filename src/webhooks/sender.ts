/**
 * One attempt to send an event to an endpoint. Connections are bounded for each endpoint, for each tenant and in all,
 * and tenants take turns. So a dead or slow endpoint holds only its own few connections, and costs others nothing.
 */
import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { CallsService } from '../calls/lists/calls.service.js';
import { FairSlots, PATIENT } from '../common/fair-slots.js';
import { serialiseJson } from '../common/json.js';
import { webhookAttempts } from '../common/metrics.js';
import { moment, momentIn } from '../common/moment.js';
import type { TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { RecentlyErased } from '../events/log/recently-erased.js';
import type { LoggedEvent } from '../events/log/event.js';
import { Bodies, CALL_COMPLETED, type Sent, messageId } from './delivery-body.js';
import type { Endpoint } from './endpoint.js';
import { retryAfter } from './retry-schedule.js';
import { type Outcome, type Outgoing, WebhookClient } from './webhook-client.js';
import type { AttemptRow } from './webhook-store.js';

/** Requests under way, in all and for each tenant. */
const [IN_ALL, OF_A_TENANT] = [256, 64];
const GONE = 410;

/** The result of an attempt. */
export interface Attempt {
  readonly row: AttemptRow;
  /** Undefined: the event was taken, or is not sent again. */
  readonly againAt: Date | undefined;
  /** Why the endpoint is to be disabled, if it is. */
  readonly doom: string | undefined;
  /** The endpoint was down, and has answered. */
  readonly hasRecovered: boolean;
}

/** What was sent, and what came of it. */
interface Posted {
  readonly event: LoggedEvent;
  readonly sent: Sent;
  readonly outcome: Outcome;
}

/** An id that sorts by time, whichever process gives it. */
let count = 0;
function attemptId(at: Date): string {
  count = (count + 1) % 46_656;
  const time = at.getTime().toString(36).padStart(9, '0');
  return `${time}${count.toString(36).padStart(3, '0')}${randomBytes(4).toString('hex')}`;
}

@Injectable()
export class Sender {
  private readonly slots = new FairSlots({ slots: IN_ALL, share: OF_A_TENANT, line: 0, waitMs: 0 });
  private readonly bodies = new Bodies();

  constructor(
    private readonly client: WebhookClient,
    private readonly calls: CallsService,
    private readonly erased: RecentlyErased,
  ) {}

  /**
   * Undefined: there is nothing to send any more, because the call was erased or the event is gone. `read` is called
   * when the attempt has its turn. Rejects when it does, or when the signal aborts. `tries`: attempts before this one.
   */
  async attempt(
    endpoint: Endpoint,
    read: () => Promise<LoggedEvent | undefined>,
    previous: number | null,
    tries: number,
    until: AbortSignal,
  ): Promise<Attempt | undefined> {
    const work = () => this.slots.run(endpoint.row.tenantId, () => this.post(endpoint, read, previous, until), {
      until,
      isEndless: true,
    }); // prettier-ignore
    const posted = await endpoint.connected(work);
    // If the call was erased meanwhile, the answer may repeat what was said in it.
    return posted && !this.erased.concerns([posted.event]) ? this.judge(endpoint, posted, tries) : undefined;
  }

  /** Sends a sample within the same bounds. Rejects when the signal aborts. */
  sample(tenantId: TenantId, outgoing: Outgoing, until: AbortSignal): Promise<Outcome> {
    return this.slots.run(tenantId, () => this.client.send(outgoing, until), { until, isEndless: true });
  }

  private async post(
    endpoint: Endpoint,
    read: () => Promise<LoggedEvent | undefined>,
    previous: number | null,
    until: AbortSignal,
  ): Promise<Posted | undefined> {
    const event = await read();
    if (event === undefined || this.erased.concerns([event])) return undefined;
    const sent = await this.contentOf(endpoint, event);
    if (sent === undefined) return undefined;
    const { id, url, format, tenantId } = endpoint.row;
    const body = this.bodies.of(sent, format, tenantId, previous);
    const outgoing = { url, secrets: endpoint.secretsAt(moment()), format, body, messageId: messageId(id, sent.seq) };
    return { event, sent, outcome: await this.client.send(outgoing, until) };
  }

  private async contentOf(endpoint: Endpoint, event: LoggedEvent): Promise<Sent | undefined> {
    const { callId, tenantId, seq } = event;
    if (tenantId === null || seq === null) return undefined;
    // The same object for all endpoints, so that the common part of the body is made once.
    if (endpoint.row.each === 'event') return event as LoggedEvent & { seq: number };
    if (callId === null) return undefined;
    try {
      const call = await this.calls.get(tenantId, callId, undefined, PATIENT);
      const { agent, at } = event;
      return { type: CALL_COMPLETED, agent, callId, at, seq, data: serialiseJson(call) };
    } catch (error) {
      if (error instanceof Problem && error.slug === 'call-not-found') return undefined;
      throw error;
    }
  }

  private judge(endpoint: Endpoint, { event, sent, outcome }: Posted, tries: number): Attempt {
    const { isDelivered, status, reason, at, ms, response } = outcome;
    const hasRecovered = isDelivered && endpoint.isDown;
    endpoint.failures = isDelivered ? 0 : endpoint.failures + 1;
    webhookAttempts.inc({ outcome: isDelivered ? 'delivered' : 'failed' });
    const waitMs = isDelivered || status === GONE ? undefined : retryAfter(tries + 1, outcome.retryAfterMs);
    const againAt = waitMs === undefined ? undefined : momentIn(waitMs);
    const doom = isDelivered || againAt !== undefined ? undefined : (reason ?? 'it failed');
    endpoint.isDoomed ||= doom !== undefined;
    const row = {
      id: attemptId(at),
      webhookId: endpoint.id,
      tenantId: endpoint.row.tenantId,
      seq: sent.seq,
      type: sent.type,
      callId: event.callId,
      at,
      ms,
      isDelivered,
      status,
      reason,
      response: isDelivered ? null : response,
      nextAt: againAt ?? null,
    };
    return { row, againAt, doom, hasRecovered };
  }
}
