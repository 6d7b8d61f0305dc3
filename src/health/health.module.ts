import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CallsModule } from '../calls/calls.module.js';
import { EventsModule } from '../events/events.module.js';
import { SourcesModule } from '../sources/sources.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { Exposition } from './exposition.js';
import { HealthController } from './health.controller.js';
import { ReadinessService } from './readiness.js';
import { Samples } from './samples.js';

@Module({
  imports: [AuthModule, EventsModule, SourcesModule, CallsModule, TenantsModule],
  controllers: [HealthController],
  providers: [ReadinessService, Samples, Exposition],
})
export class HealthModule {}
