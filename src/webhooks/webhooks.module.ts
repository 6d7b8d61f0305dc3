import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CallsModule } from '../calls/calls.module.js';
import { EventsModule } from '../events/events.module.js';
import { ReadersModule } from '../readers/readers.module.js';
import { AdminWebhooksController } from './admin-webhooks.controller.js';
import { Deliveries } from './deliveries.js';
import { Disabling } from './disabling.js';
import { DueEvents } from './due-events.js';
import { Endpoints } from './endpoints.js';
import { Sender } from './sender.js';
import { WebhookClient } from './webhook-client.js';
import { WebhookQueries } from './webhook-queries.js';
import { WebhookReader } from './webhook-reader.js';
import { WebhookReplays } from './webhook-replays.js';
import { WebhookStore } from './webhook-store.js';
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksService } from './webhooks.service.js';

/** Sends events to addresses that tenants name. */
@Module({
  imports: [AuthModule, AgentsModule, EventsModule, CallsModule, ReadersModule],
  controllers: [WebhooksController, AdminWebhooksController],
  providers: [
    WebhookClient,
    WebhookStore,
    DueEvents,
    Endpoints,
    Sender,
    Disabling,
    Deliveries,
    WebhookReader,
    WebhooksService,
    WebhookQueries,
    WebhookReplays,
  ],
  exports: [WebhooksService, WebhookQueries],
})
export class WebhooksModule {}
