import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { ENV, type Env } from '../config/env.js';
import { EventsModule } from '../events/events.module.js';
import { IngestController } from './ingest.controller.js';
import { CallUpstreams } from './call-upstreams.js';
import { SourceCursors } from './source-cursors.js';
import { SourceFactory } from './source-factory.js';
import { SOURCES, SourceSupervisor } from './source-supervisor.js';

/** Every way into Switchboard: the configured sources, and ingest over HTTP. */
@Module({
  imports: [AuthModule, AgentsModule, EventsModule],
  controllers: [IngestController],
  providers: [
    CallUpstreams,
    SourceCursors,
    SourceFactory,
    SourceSupervisor,
    {
      provide: SOURCES,
      useFactory: (factory: SourceFactory, env: Env) => factory.createAll(env),
      inject: [SourceFactory, ENV],
    },
  ],
  exports: [SourceSupervisor, CallUpstreams],
})
export class SourcesModule {}
