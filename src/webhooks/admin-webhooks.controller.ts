import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, Scopes } from '../auth/auth.decorators.js';
import type { Patience } from '../common/fair-slots.js';
import { type TenantId, opaqueIdSchema, tenantIdSchema } from '../common/ids.js';
import { Operation } from '../common/operation.js';
import { ClientPatience } from '../http/patience.js';
import type { Format } from './delivery-body.js';
import * as answers from './webhook-answers.js';
import { WebhookQueries } from './webhook-queries.js';
import { WebhookReplays } from './webhook-replays.js';
import * as schemas from './webhooks.schemas.js';
import { WebhooksService } from './webhooks.service.js';

/** As webhooks.controller.ts, for a tenant that an operator names. */
@ApiTags('Webhooks')
@Controller('v1/admin/tenants/:tenant/webhooks')
@Scopes('admin')
export class AdminWebhooksController {
  constructor(
    private readonly webhooks: WebhooksService,
    private readonly queries: WebhookQueries,
    private readonly replays: WebhookReplays,
  ) {}

  @Operation({
    id: 'listTenantWebhooks',
    summary: 'A tenant’s webhooks: where they stand, and what ails them',
    answer: answers.webhookPage,
  })
  @Get()
  list(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Query({ schema: schemas.listWebhooksSchema }) { limit, cursor }: schemas.ListWebhooks,
    @ClientPatience() patience: Patience,
  ) {
    return this.queries.list(tenantId, limit, cursor, patience);
  }

  /** `?format=cloudevents`, or `format` in the body: structured CloudEvents 1.0. */
  @Operation({
    id: 'createTenantWebhook',
    summary: 'Send events to an address from now on; the secret is in this answer only',
    answer: answers.newWebhookAnswer,
    problems: ['agent-not-found', 'too-many-webhooks', 'tenant-not-found'],
    bodyExample: { url: 'https://example.com/hook', types: ['call.*'] },
  })
  @Post()
  create(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Query({ schema: schemas.formatQuery }) { format }: { format?: Format | undefined },
    @Body({ schema: schemas.createWebhookSchema }) body: schemas.CreateWebhook,
    @ClientPatience() patience: Patience,
  ) {
    return this.webhooks.create(tenantId, { ...body, format: body.format ?? format }, actor, patience);
  }

  @Operation({
    id: 'getTenantWebhook',
    summary: 'One webhook',
    answer: answers.webhookAnswer,
    problems: ['webhook-not-found'],
  })
  @Get(':id')
  get(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @ClientPatience() patience: Patience,
  ) {
    return this.queries.get(tenantId, id, patience);
  }

  @Operation({
    id: 'changeTenantWebhook',
    summary: 'Change a webhook, pause it, or make it active again',
    answer: answers.webhookAnswer,
    problems: ['webhook-not-found', 'agent-not-found'],
    bodyExample: { status: 'paused' },
  })
  @Patch(':id')
  change(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @Body({ schema: schemas.changeWebhookSchema }) body: schemas.ChangeWebhook,
    @ClientPatience() patience: Patience,
  ) {
    return this.webhooks.update(tenantId, id, body, actor, patience);
  }

  @Operation({
    id: 'deleteTenantWebhook',
    summary: 'Remove a webhook, and what is known of its attempts',
    answer: null,
    problems: ['webhook-not-found'],
  })
  @Delete(':id')
  @HttpCode(204)
  async remove(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @ClientPatience() patience: Patience,
  ): Promise<void> {
    await this.webhooks.remove(tenantId, id, actor, patience);
  }

  @Operation({
    id: 'rotateTenantWebhookSecret',
    summary: 'A new secret; the one before signs beside it for 24 hours',
    answer: answers.secretAnswer,
    problems: ['webhook-not-found'],
  })
  @Post(':id/secret')
  @HttpCode(200)
  rotate(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @ClientPatience() patience: Patience,
  ) {
    return this.webhooks.rotate(tenantId, id, actor, patience);
  }

  /** Marked `"test":true`. */
  @Operation({
    id: 'testTenantWebhook',
    summary: 'Send a sample now, by the way that events go, and see what is answered',
    answer: answers.testAnswer,
    problems: ['webhook-not-found'],
    bodyExample: { type: 'call.ended' },
  })
  @Post(':id/test')
  @HttpCode(200)
  test(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @Body({ schema: schemas.testSchema }) { type }: { type: string },
    @ClientPatience() patience: Patience,
  ) {
    return this.replays.test(tenantId, id, type, patience);
  }

  @Operation({
    id: 'listTenantWebhookAttempts',
    summary: 'What became of attempts, newest first: a thousand of each outcome, for 30 days',
    answer: answers.attemptPage,
    problems: ['webhook-not-found'],
  })
  @Get(':id/attempts')
  attempts(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @Query({ schema: schemas.listAttemptsSchema }) query: schemas.ListAttempts,
    @ClientPatience() patience: Patience,
  ) {
    return this.queries.attempts(tenantId, id, query, patience);
  }

  @Operation({
    id: 'redeliverTenantWebhookEvent',
    summary: 'Send one event again',
    answer: answers.redeliverAnswer,
    problems: ['webhook-not-found', 'event-not-found'],
    bodyExample: { event: '1224' },
  })
  @Post(':id/redeliver')
  @HttpCode(202)
  async redeliver(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @Body({ schema: schemas.redeliverSchema }) { event }: { event: number },
    @ClientPatience() patience: Patience,
  ): Promise<{ event: string }> {
    await this.replays.redeliver(tenantId, id, event, actor, patience);
    return { event: String(event) };
  }

  @Operation({
    id: 'recoverTenantWebhook',
    summary: 'Send everything again that came after an event, or since a time',
    answer: answers.webhookAnswer,
    problems: ['webhook-not-found'],
    bodyExample: { since: '2026-11-27T09:00:00Z' },
  })
  @Post(':id/recover')
  @HttpCode(200)
  recover(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @Body({ schema: schemas.recoverSchema }) body: schemas.Recover,
    @ClientPatience() patience: Patience,
  ) {
    return this.replays.recover(tenantId, id, body, actor, patience);
  }
}
