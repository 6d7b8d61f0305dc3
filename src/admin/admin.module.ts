import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CallsModule } from '../calls/calls.module.js';
import { DeskModule } from '../desk/desk.module.js';
import { EventsModule } from '../events/events.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { WebhooksModule } from '../webhooks/webhooks.module.js';
import { AdminCallsController } from './admin-calls.controller.js';
import { AdminEventsController } from './admin-events.controller.js';
import { AdminRecordingsController } from './admin-recordings.controller.js';
import { AttentionController } from './attention.controller.js';
import { AuditController } from './audit.controller.js';
import { CallReadings } from './call-readings.js';
import { ConnectionsController } from './connections.controller.js';
import { ConnectionsService } from './connections.service.js';
import { ErasureController, ErasuresController } from './erasure.controller.js';
import { ErasureWorker } from './erasure-worker.js';
import { ErasureService } from './erasure.service.js';
import { ExplainController } from './explain.controller.js';
import { ExplainService } from './explain.service.js';
import { OwnersController } from './owners.controller.js';
import { TransferPreview } from './transfer-preview.js';

/** What operators do across folders. No other folder imports it. */
@Module({
  imports: [AuthModule, TenantsModule, AgentsModule, EventsModule, CallsModule, WebhooksModule, DeskModule],
  controllers: [
    AdminEventsController,
    ConnectionsController,
    ExplainController,
    OwnersController,
    ErasureController,
    ErasuresController,
    AuditController,
    AdminCallsController,
    AdminRecordingsController,
    AttentionController,
  ],
  providers: [CallReadings, ConnectionsService, ErasureService, ErasureWorker, ExplainService, TransferPreview],
})
export class AdminModule {}
