/** What a tenant, or an operator on its behalf, does with its webhooks. */
import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { AgentsService } from '../agents/agents.service.js';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import type { Patience } from '../common/fair-slots.js';
import type { TenantId } from '../common/ids.js';
import { moment, momentIn } from '../common/moment.js';
import { Problem } from '../common/problem.js';
import type { Prisma, Webhook } from '../database/generated/client.js';
import { PrismaService } from '../database/prisma.service.js';
import { TenantHeads } from '../events/log/event-log.js';
import { LogReaders } from '../readers/log-readers.js';
import { ReaderTable } from '../readers/reader-table.js';
import { WEBHOOK } from './endpoint.js';
import { newSecret } from './signature.js';
import { WebhookClient } from './webhook-client.js';
import { WebhookQueries } from './webhook-queries.js';
import { shownUrl, webhookUrl } from './webhook-url.js';
import type { WebhookFilter, WebhookView } from './webhook-view.js';
import type { ChangeWebhook, CreateWebhook } from './webhooks.schemas.js';

/** Endpoints of a tenant: each costs one request for each event. */
const MAX_WEBHOOKS = 100;
/** How long the previous secret signs beside the new one. */
const ROTATION_MS = 24 * 3600_000;
const REMOVED_AT_ONCE = 10;

const readerOf = (tenantId: TenantId, name: string) => ({ kind: WEBHOOK, tenantId, name });

@Injectable()
export class WebhooksService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly table: ReaderTable,
    private readonly readers: LogReaders,
    private readonly queries: WebhookQueries,
    private readonly agents: AgentsService,
    private readonly heads: TenantHeads,
    private readonly client: WebhookClient,
    private readonly audit: AuditLog,
  ) {}

  /** It is sent the events that come from now on. Throws `tenant-not-found`, `agent-not-found`, `too-many-webhooks`. */
  async create(
    tenantId: TenantId,
    { description, agents, types, each, format = 'standard', ...body }: CreateWebhook,
    actor: Actor,
    patience: Patience,
  ): Promise<WebhookView & { readonly secret: string }> {
    const url = webhookUrl(body.url, this.client.guard);
    if (agents !== null) await this.agents.assertReadable(tenantId, agents, patience);
    const id = `wh_${randomBytes(9).toString('base64url').replace(/[-_]/g, 'x')}`;
    const secret = newSecret();
    const data = { id, tenantId, url, description, filter: filterOf(agents, types), each, format, secret };
    await this.change(tenantId, patience, async (transaction) => {
      await assertRoom(transaction, tenantId);
      const row = await transaction.webhook.create({ data: { ...data, createdBy: actor.name } });
      const { seq } = await this.heads.of(tenantId);
      await this.table.create(transaction, readerOf(tenantId, id), seq);
      await this.record(transaction, actor, tenantId, {
        action: 'webhook.create',
        id,
        before: null,
        after: factsOf(row),
      });
    });
    return { ...(await this.queries.get(tenantId, id, patience)), secret };
  }

  /**
   * Throws `webhook-not-found`, `agent-not-found`. `active`: waiting events are sent at once, with all their attempts
   * ahead of them again.
   */
  async update(
    tenantId: TenantId,
    id: string,
    { status, agents, types, ...rest }: ChangeWebhook,
    actor: Actor,
    patience: Patience,
  ): Promise<WebhookView> {
    const url = rest.url === undefined ? {} : { url: webhookUrl(rest.url, this.client.guard) };
    if (agents) await this.agents.assertReadable(tenantId, agents, patience);
    await this.change(tenantId, patience, async (transaction) => {
      const before = await this.locked(transaction, tenantId, id);
      const old = before.filter as WebhookFilter;
      const filter = filterOf(
        agents === undefined ? (old.agents ?? null) : agents,
        types === undefined ? (old.types ?? null) : types,
      );
      if ((rest.each ?? before.each) === 'call' && filter.types !== undefined) throw typesOfCall();
      const begins = status === 'active' && before.status !== 'active';
      const state = { ...(status && { status }), ...(begins && { failures: 0, activeSince: moment() }) };
      const after = await transaction.webhook.update({
        where: { id },
        data: { ...defined(rest), ...url, ...state, filter },
      });
      if (status !== undefined)
        await this.table.change(transaction, readerOf(tenantId, id), { runs: status === 'active' });
      if (begins) await this.sendWaitingNow(transaction, id);
      const change = { action: 'webhook.change', id, before: factsOf(before), after: factsOf(after) };
      await this.record(transaction, actor, tenantId, change);
    });
    return this.queries.get(tenantId, id, patience);
  }

  async remove(tenantId: TenantId, id: string, actor: Actor, patience: Patience): Promise<void> {
    await this.change(tenantId, patience, async (transaction) => {
      const before = await this.locked(transaction, tenantId, id);
      await this.table.remove(transaction, readerOf(tenantId, id));
      await transaction.webhook.delete({ where: { id } });
      const change = { action: 'webhook.delete', id, before: factsOf(before), after: null };
      await this.record(transaction, actor, tenantId, change);
    });
  }

  /** Makes a new secret. The previous one signs beside it for 24 h. */
  async rotate(tenantId: TenantId, id: string, actor: Actor, patience: Patience): Promise<{ secret: string }> {
    const secret = newSecret();
    await this.change(tenantId, patience, async (transaction) => {
      const before = await this.locked(transaction, tenantId, id);
      const data = { secret, previousSecret: before.secret, previousUntil: momentIn(ROTATION_MS) };
      await transaction.webhook.update({ where: { id }, data });
      await this.record(transaction, actor, tenantId, { action: 'webhook.secret', id, before: null, after: null });
    });
    return { secret };
  }

  /** Removes some webhooks of a tenant whose rights have ended. False: there are none left. */
  async removeSomeOf(tenantId: TenantId): Promise<boolean> {
    return this.prisma.$transaction(async (transaction) => {
      const rows = await transaction.webhook.findMany({
        where: { tenantId },
        select: { id: true },
        take: REMOVED_AT_ONCE,
      });
      for (const { id } of rows) {
        await this.table.remove(transaction, readerOf(tenantId, id));
        await transaction.webhook.delete({ where: { id } });
      }
      return rows.length > 0;
    });
  }

  /** The webhook, locked: nobody else changes or moves it until the transaction ends. */
  async locked(transaction: Prisma.TransactionClient, tenantId: TenantId, id: string): Promise<Webhook> {
    await this.table.lock(transaction, readerOf(tenantId, id));
    await transaction.$queryRaw`SELECT FROM webhooks WHERE id = ${id} AND tenant_id = ${tenantId} FOR UPDATE`;
    const row = await transaction.webhook.findUnique({ where: { id, tenantId } });
    if (row === null) throw new Problem('webhook-not-found', 'There is no webhook of that id.');
    return row;
  }

  /** Runs in the tenant's turn. Then the process that serves the webhook is told. */
  async change(
    tenantId: TenantId,
    patience: Patience,
    work: (transaction: Prisma.TransactionClient) => Promise<void>,
  ): Promise<void> {
    await this.prisma.inTurn(tenantId, () => this.prisma.$transaction(work), patience);
    this.readers.changed(tenantId);
  }

  async record(
    transaction: Prisma.TransactionClient,
    actor: Actor,
    tenantId: TenantId,
    { action, id, before, after }: { action: string; id: string; before: Facts; after: Facts },
  ): Promise<void> {
    await this.audit.record(transaction, actor, { action, target: id, before, after, books: [{ tenantId }] });
  }

  /**
   * Waiting events become due now, with all their attempts ahead of them again: of each call the first one, and the
   * others behind it.
   */
  private async sendWaitingNow(transaction: Prisma.TransactionClient, webhookId: string): Promise<void> {
    await transaction.$executeRaw`UPDATE webhook_waiting w SET tries = 0, next_at = CASE WHEN NOT EXISTS (
        SELECT FROM webhook_waiting o WHERE o.webhook_id = w.webhook_id AND o.call_id = w.call_id AND o.seq < w.seq)
      THEN now() END WHERE w.webhook_id = ${webhookId}`;
  }
}

type Facts = Prisma.InputJsonObject | null;

/**
 * Throws `tenant-not-found`, `too-many-webhooks`. The tenant stays locked, so that two requests at the same time are
 * both counted.
 */
async function assertRoom(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<void> {
  const rows = await transaction.$queryRaw<unknown[]>`SELECT id FROM tenants WHERE id = ${tenantId} FOR NO KEY UPDATE`;
  if (rows.length === 0) throw new Problem('tenant-not-found', 'There is no tenant of that id.');
  if ((await transaction.webhook.count({ where: { tenantId } })) < MAX_WEBHOOKS) return;
  throw new Problem('too-many-webhooks', `There may be at most ${MAX_WEBHOOKS} webhooks.`);
}

function filterOf(agents: readonly string[] | null, types: readonly string[] | null) {
  return { ...(agents !== null && { agents: [...agents] }), ...(types !== null && { types: [...types] }) };
}

function defined<Value extends object>(value: Value): { [Key in keyof Value]?: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}

function typesOfCall(): Problem {
  const errors = [{ path: 'types', message: 'must be null where each is "call"' }];
  return new Problem('validation', 'The request is not valid.', { errors });
}

/** The facts for the audit, without what may be secret. */
function factsOf({ url, description, filter, each, format, status }: Webhook): Prisma.InputJsonObject {
  return { url: shownUrl(url), description, filter: filter, each, format, status };
}
