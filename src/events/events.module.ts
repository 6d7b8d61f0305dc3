import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { AgentChanges } from './agent-changes.js';
import { CallErasure } from './call-erasure.js';
import { ConnectionDirectory } from './connection-directory.js';
import { DeadLinks } from './dead-links.js';
import { ErasedCalls } from './erased-calls.js';
import { EventLog } from './event-log.js';
import { EventRouter } from './event-router.js';
import { EventTail } from './event-tail.js';
import { IdempotencyKeys } from './idempotency-keys.js';
import { IngestService } from './ingest.service.js';
import { LogErasure } from './log-erasure.js';
import { LogExpiry } from './log-expiry.js';
import { LogInquiry } from './log-inquiry.js';
import { LogController } from './log.controller.js';
import { LogLineage } from './log-lineage.js';
import { LogPages } from './log-pages.js';
import { LogReader } from './log-reader.js';
import { StreamAdmission } from './stream-admission.js';
import { StreamConnections } from './stream-connections.js';
import { StreamRights } from './stream-rights.js';
import { StreamTokensController } from './stream-tokens.controller.js';
import { StreamsController } from './streams.controller.js';
import { StreamsService } from './streams.service.js';
import { TenantHeads } from './tenant-heads.js';

/** One event's way: ingest → event log → tail → router → streams. */
@Module({
  imports: [AuthModule, AgentsModule],
  controllers: [StreamsController, LogController, StreamTokensController],
  providers: [
    ...[
      EventLog,
      LogReader,
      TenantHeads,
      LogPages,
      LogExpiry,
      LogErasure,
      LogLineage,
      LogInquiry,
      ErasedCalls,
      CallErasure,
    ],
    IdempotencyKeys,
    ...[EventRouter, EventTail, IngestService],
    ...[StreamAdmission, StreamsService, StreamConnections, DeadLinks, StreamRights, AgentChanges, ConnectionDirectory],
  ],
  exports: [
    ...[EventLog, TenantHeads, LogExpiry, LogErasure, LogLineage, LogInquiry, CallErasure, IdempotencyKeys],
    ...[IngestService, StreamsService, ConnectionDirectory, EventTail, StreamConnections, StreamAdmission],
  ],
})
export class EventsModule {}
