import { Module } from '@nestjs/common';
import { CallsModule } from '../calls/calls.module.js';
import { EventsModule } from '../events/events.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { RetentionService } from './retention.service.js';
import { WholePartitions } from './whole-partitions.js';

/** How long events and calls are kept. */
@Module({ imports: [TenantsModule, EventsModule, CallsModule], providers: [RetentionService, WholePartitions] })
export class RetentionModule {}
