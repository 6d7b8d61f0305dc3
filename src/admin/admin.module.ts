import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { EventsModule } from '../events/events.module.js';
import { ErasureController } from './erasure.controller.js';

/** What operators do across rooms; nobody imports it. */
@Module({ imports: [AuthModule, AgentsModule, EventsModule], controllers: [ErasureController] })
export class AdminModule {}
