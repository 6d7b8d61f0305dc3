/** Reads webhooks and their attempts, as they are listed. */
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Patience } from '../common/fair-slots.js';
import type { CallId, TenantId } from '../common/ids.js';
import { moment } from '../common/moment.js';
import { Listing, readInPieces } from '../common/page.js';
import { Problem } from '../common/problem.js';
import type { Prisma, Webhook, WebhookAttempt } from '../database/generated/client.js';
import { ReadPool } from '../database/pools.js';
import { ReaderTable } from '../readers/reader-table.js';
import { WEBHOOK } from './endpoint.js';
import {
  type AttemptView,
  type WebhookView,
  type FailingWebhook,
  attemptView,
  failingView,
  webhookView,
} from './webhook-view.js';
import type { ListAttempts } from './webhooks.schemas.js';

const WEBHOOKS = new Listing('webhooks', z.string());
/** Most webhooks that are shown as failing. */
const MAX_FAILING = 50;
const ATTEMPTS = new Listing('webhook-attempts', z.string());

@Injectable()
export class WebhookQueries {
  constructor(
    private readonly pool: ReadPool,
    private readonly table: ReaderTable,
  ) {}

  async list(
    tenantId: TenantId,
    limit: number,
    cursor: string | undefined,
    patience: Patience,
  ): Promise<{ webhooks: WebhookView[]; next: string | null }> {
    const after = WEBHOOKS.after(cursor, tenantId);
    const where = { tenantId, ...(after === undefined ? {} : { id: { gt: after } }) };
    const read = async (tables: Prisma.TransactionClient) => {
      const rows = await tables.webhook.findMany({ where, orderBy: { id: 'asc' }, take: limit + 1 });
      const page = WEBHOOKS.page(rows, limit, tenantId, ({ id }) => id);
      return { webhooks: await this.views(tables, tenantId, page.rows), next: page.next };
    };
    return this.pool.list(tenantId, read, patience);
  }

  /** Those that fail or were disabled, by tenant; a bounded number of them. */
  async failingAcrossTenants(patience: Patience): Promise<FailingWebhook[]> {
    const failing = { OR: [{ status: 'disabled' }, { status: 'active', failures: { gt: 0 } }] };
    const read = ({ webhook }: Prisma.TransactionClient) =>
      webhook.findMany({ where: failing, orderBy: [{ tenantId: 'asc' }, { id: 'asc' }], take: MAX_FAILING });
    return (await this.pool.list(null, read, patience)).map(failingView);
  }

  /** Throws `webhook-not-found`. */
  async get(tenantId: TenantId, id: string, patience: Patience): Promise<WebhookView> {
    const read = async (tables: Prisma.TransactionClient) =>
      this.views(tables, tenantId, [await found(tables, tenantId, id)]);
    const [view] = await this.pool.list(tenantId, read, patience);
    if (view === undefined) throw notFound();
    return view;
  }

  /** The row with its secrets. Throws `webhook-not-found`. */
  row(tenantId: TenantId, id: string, patience: Patience): Promise<Webhook> {
    return this.pool.list(tenantId, (tables) => found(tables, tenantId, id), patience);
  }

  /** Newest first. Throws `webhook-not-found`. */
  async attempts(
    tenantId: TenantId,
    webhookId: string,
    { status, limit, cursor }: ListAttempts,
    patience: Patience,
  ): Promise<{ attempts: AttemptView[]; next: string | null }> {
    const from = ATTEMPTS.after(cursor, `${tenantId} ${webhookId}`);
    const outcome = status === undefined ? {} : { isDelivered: status === 'delivered' };
    const read = async (tables: Prisma.TransactionClient) => {
      await found(tables, tenantId, webhookId);
      return readInPieces<WebhookAttempt>(limit, (last, take) => {
        const before = last?.id ?? from;
        const where = { webhookId, tenantId, ...outcome, ...(before === undefined ? {} : { id: { lt: before } }) };
        return tables.webhookAttempt.findMany({ where, orderBy: { id: 'desc' }, take });
      });
    };
    const { rows, isCut } = await this.pool.list(tenantId, read, patience);
    const page = ATTEMPTS.page(rows, limit, `${tenantId} ${webhookId}`, ({ id }) => id, isCut);
    return { attempts: page.rows.map(attemptView), next: page.next };
  }

  /**
   * Removes everything that says what an erased call's events were, or how they were answered. Within a transaction.
   */
  async forgetCall(transaction: Prisma.TransactionClient, tenantId: TenantId, callId: CallId): Promise<void> {
    const where = { tenantId, callId };
    await transaction.webhookAttempt.updateMany({ where, data: { callId: null, response: null } });
  }

  private async views(
    tables: Prisma.TransactionClient,
    tenantId: TenantId,
    rows: readonly Webhook[],
  ): Promise<WebhookView[]> {
    const ids = rows.map(({ id }) => id);
    const readers = await this.table.views(tables, tenantId, WEBHOOK, ids);
    const counts = await tables.webhookWaiting.groupBy({
      by: ['webhookId'],
      where: { webhookId: { in: ids } },
      _count: true,
    });
    const waiting = new Map(counts.map(({ webhookId, _count }) => [webhookId, _count]));
    return rows.map((row) => webhookView(row, readers.get(row.id), waiting.get(row.id) ?? 0, moment()));
  }
}

async function found(tables: Prisma.TransactionClient, tenantId: TenantId, id: string): Promise<Webhook> {
  const row = await tables.webhook.findUnique({ where: { id, tenantId } });
  if (row === null) throw notFound();
  return row;
}

function notFound(): Problem {
  return new Problem('webhook-not-found', 'There is no webhook of that id.');
}
