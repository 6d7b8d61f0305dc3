/** Sends events again that somebody asks for, and samples that try an endpoint. */
import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import type { Actor } from '../audit/audit-log.js';
import type { Patience } from '../common/fair-slots.js';
import type { TenantId } from '../common/ids.js';
import { moment } from '../common/moment.js';
import { Problem } from '../common/problem.js';
import type { Prisma } from '../database/generated/client.js';
import { TenantHeads } from '../events/log/event-log.js';
import { LogReader } from '../events/log/log-reader.js';
import { ReaderTable } from '../readers/reader-table.js';
import { shardOf } from '../readers/reader-shards.js';
import { Deliveries } from './deliveries.js';
import { Bodies, messageId } from './delivery-body.js';
import { Endpoint, WEBHOOK } from './endpoint.js';
import { sampleOf } from './samples.js';
import { Sender } from './sender.js';
import { WebhookQueries } from './webhook-queries.js';
import type { WebhookView } from './webhook-view.js';
import type { EndpointRow } from './webhook-store.js';
import type { Recover } from './webhooks.schemas.js';
import { WebhooksService } from './webhooks.service.js';

/** Events that wait for an endpoint beside the order of their calls; more are refused, and when to ask again. */
const [MAX_BY_THEMSELVES, AGAIN_MS] = [100, 30_000];
const EVERYTHING = { agents: null, calls: null, types: null };

export interface TestAnswer {
  /** The status of the answer; null: there was no answer. */
  readonly status: number | null;
  readonly ms: number;
  /** The first 2 KiB of the answer. */
  readonly body: string;
  /** Why it counts as failed, in words; null: it did not fail. */
  readonly reason: string | null;
}

@Injectable()
export class WebhookReplays {
  private readonly bodies = new Bodies();

  constructor(
    private readonly webhooks: WebhooksService,
    private readonly queries: WebhookQueries,
    private readonly log: LogReader,
    private readonly heads: TenantHeads,
    private readonly table: ReaderTable,
    private readonly sender: Sender,
    private readonly deliveries: Deliveries,
  ) {}

  /** Sends a sample in the same way as events. Throws `webhook-not-found`. */
  async test(tenantId: TenantId, id: string, type: string, patience: Patience): Promise<TestAnswer> {
    const { url, secret, previousSecret, previousUntil, format, each } = await this.queries.row(tenantId, id, patience);
    const now = moment();
    const isRotating = previousSecret !== null && previousUntil !== null && previousUntil > now;
    const secrets = isRotating ? [secret, previousSecret] : [secret];
    const kind = format as EndpointRow['format'];
    const body = this.bodies.of(sampleOf(each === 'call' ? 'call.completed' : type, now), kind, tenantId, null);
    const name = `${messageId(id, 0)}_${randomBytes(6).toString('hex')}`;
    const outcome = await this.sender.sample(
      tenantId,
      { url, secrets, format: kind, messageId: name, body },
      patience.until,
    );
    return { status: outcome.status, ms: outcome.ms, body: outcome.response, reason: outcome.reason };
  }

  /**
   * Sends one event once more, beside what is under way. Throws `webhook-not-found`, `event-not-found`, `rate-limited`.
   */
  async redeliver(tenantId: TenantId, id: string, seq: number, actor: Actor, patience: Patience): Promise<void> {
    const row = await this.queries.row(tenantId, id, patience);
    const { events } = await this.log.read(tenantId, seq - 1, { limit: 1, bytes: 1 }, EVERYTHING, patience);
    const [event] = events;
    const isItsOwn = event?.seq === seq && endpointOf(row).wants(event);
    if (!isItsOwn) throw new Problem('event-not-found', 'The log has no such event for this webhook.');
    await this.webhooks.change(tenantId, patience, async (transaction) => {
      await this.webhooks.locked(transaction, tenantId, id);
      await this.wait(transaction, tenantId, id, seq);
      const after = { event: String(seq) };
      await this.webhooks.record(transaction, actor, tenantId, {
        action: 'webhook.redeliver',
        id,
        before: null,
        after,
      });
    });
    this.deliveries.ring();
  }

  /**
   * An event that waits already keeps its place in its call's order. If it waits for its time only, it becomes due now.
   * Any other waits by itself: without a call.
   */
  private async wait(
    transaction: Prisma.TransactionClient,
    tenantId: TenantId,
    id: string,
    seq: number,
  ): Promise<void> {
    const where = { webhookId: id, callId: null, seq: { not: BigInt(seq) } };
    if ((await transaction.webhookWaiting.count({ where })) >= MAX_BY_THEMSELVES)
      throw new Problem('rate-limited', `${MAX_BY_THEMSELVES} events wait to be sent again already.`, {}, AGAIN_MS);
    await transaction.$executeRaw`INSERT INTO webhook_waiting AS w (webhook_id, seq, tenant_id, shard, tries, next_at)
      VALUES (${id}, ${BigInt(seq)}, ${tenantId}, ${shardOf(tenantId)}, 0, ${moment()})
      ON CONFLICT (webhook_id, seq) DO UPDATE SET next_at = excluded.next_at WHERE w.next_at IS NOT NULL`;
  }

  /**
   * Sends everything after an event, or since a moment, once more. Throws `webhook-not-found`, `validation` for an id
   * that never existed.
   */
  async recover(tenantId: TenantId, id: string, from: Recover, actor: Actor, patience: Patience): Promise<WebhookView> {
    await this.queries.row(tenantId, id, patience);
    const after = 'after' in from ? from.after : await this.log.since(tenantId, from.since, patience);
    const { seq } = await this.heads.of(tenantId);
    if (after > seq) throw unknownEvent();
    await this.webhooks.change(tenantId, patience, async (transaction) => {
      await this.webhooks.locked(transaction, tenantId, id);
      // Events that wait are sent again in their turn.
      await transaction.webhookWaiting.deleteMany({ where: { webhookId: id, seq: { gt: after } } });
      // It never goes forward: what was not sent yet would be passed over.
      await this.table.goBack(transaction, { kind: WEBHOOK, tenantId, name: id }, after);
      const change = { action: 'webhook.recover', id, before: null, after: { after: String(after) } };
      await this.webhooks.record(transaction, actor, tenantId, change);
    });
    return this.queries.get(tenantId, id, patience);
  }
}

function endpointOf(row: { filter: unknown; each: string; id: string }): Endpoint {
  const known = { waiting: 0, heldCalls: null, failures: 0, lastSent: null };
  return new Endpoint({ ...row, ...known } as unknown as EndpointRow);
}

function unknownEvent(): Problem {
  const errors = [{ path: 'after', message: 'must be the id of an event, or 0' }];
  return new Problem('validation', 'The request is not valid.', { errors });
}
