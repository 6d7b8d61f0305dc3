import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { AgentChanges } from './streams/agent-changes.js';
import { CatalogueController } from './catalogue/catalogue.controller.js';
import { CallErasure } from './log/call-erasure.js';
import { ConnectionDirectory } from './streams/connection-directory.js';
import { DeadLinks } from './streams/dead-links.js';
import { RecentlyErased } from './log/recently-erased.js';
import { EventLog, TenantHeads } from './log/event-log.js';
import { EventRouter } from './live/event-router.js';
import { EventTail } from './live/event-tail.js';
import { IdempotencyKeys } from './log/idempotency-keys.js';
import { IngestService } from './live/ingest.service.js';
import { LogErasure } from './log/log-erasure.js';
import { LogExpiry } from './log/log-expiry.js';
import { LogInquiry } from './log/log-inquiry.js';
import { LogController } from './log/log.controller.js';
import { LogLineage } from './log/log-lineage.js';
import { LogMarks } from './log/log-marks.js';
import { LogPartitions } from './log/log-partitions.js';
import { LogPages } from './streams/log-pages.js';
import { TenantEvents } from './log/tenant-events.js';
import { WholeExpiry } from './log/whole-expiry.js';
import { LogReader } from './log/log-reader.js';
import { StreamAdmission } from './streams/stream-admission.js';
import { OpenStreams } from './streams/open-streams.js';
import { StreamRights } from './streams/stream-rights.js';
import { StreamTokensController } from './streams/stream-tokens.controller.js';
import { StreamsController } from './streams/streams.controller.js';
import { TokenStreams } from './streams/token-streams.js';
import { TokenStreamsController } from './streams/token-streams.controller.js';
import { StreamsService } from './streams/streams.service.js';

/** The way of an event: ingest → event log → tail → router → streams. */
@Module({
  imports: [AuthModule, AgentsModule],
  controllers: [CatalogueController, StreamsController, LogController, StreamTokensController, TokenStreamsController],
  providers: [
    EventLog,
    LogReader,
    TenantHeads,
    LogPages,
    LogExpiry,
    LogErasure,
    LogLineage,
    LogInquiry,
    LogMarks,
    LogPartitions,
    WholeExpiry,
    RecentlyErased,
    TenantEvents,
    CallErasure,
    IdempotencyKeys,
    EventRouter,
    EventTail,
    IngestService,
    StreamAdmission,
    StreamsService,
    OpenStreams,
    DeadLinks,
    StreamRights,
    AgentChanges,
    ConnectionDirectory,
    TokenStreams,
  ],
  exports: [
    EventLog,
    LogReader,
    TenantHeads,
    LogExpiry,
    LogErasure,
    LogLineage,
    LogInquiry,
    LogPartitions,
    WholeExpiry,
    CallErasure,
    IdempotencyKeys,
    RecentlyErased,
    TenantEvents,
    IngestService,
    StreamsService,
    ConnectionDirectory,
    EventTail,
    OpenStreams,
    StreamAdmission,
  ],
})
export class EventsModule {}
