import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CallsModule } from '../calls/calls.module.js';
import { EventsModule } from '../events/events.module.js';
import { SourcesModule } from '../sources/sources.module.js';
import { RecordingFetch } from './recording-fetch.js';
import { RecordingRoom } from './recording-room.js';
import { RecordingsController } from './recordings.controller.js';
import { RecordingsService } from './recordings.service.js';
import { SteeringService } from './steering.service.js';
import { VerbsController } from './verbs.controller.js';

/** What people do with a call at its source: hear its recording, steer it while it goes on. */
@Module({
  imports: [AuthModule, EventsModule, CallsModule, SourcesModule],
  controllers: [RecordingsController, VerbsController],
  providers: [RecordingFetch, RecordingRoom, RecordingsService, SteeringService],
  exports: [RecordingsService],
})
export class DeskModule {}
