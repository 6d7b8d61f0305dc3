import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { EventsModule } from '../events/events.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { ErasureController } from './erasure.controller.js';
import { ErasureService } from './erasure.service.js';

/** What operators do across rooms; nobody imports it. */
@Module({
  imports: [AuthModule, TenantsModule, AgentsModule, EventsModule],
  controllers: [ErasureController],
  providers: [ErasureService],
})
export class AdminModule {}
