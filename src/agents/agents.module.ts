import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { AgentsController } from './agents.controller.js';
import { AgentsService } from './agents.service.js';
import { OwnershipHistory } from './ownership-history.js';
import { OwnedAgents } from './owned-agents.js';
import { Ownership } from './ownership.js';

@Module({
  imports: [AuthModule],
  controllers: [AgentsController],
  providers: [AgentsService, OwnedAgents, Ownership, OwnershipHistory],
  exports: [AgentsService, OwnedAgents, Ownership, OwnershipHistory],
})
export class AgentsModule {}
