import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { AgentsController } from './agents.controller.js';
import { AgentsService } from './agents.service.js';
import { OwnershipHistory } from './ownership-history.js';
import { Ownership } from './ownership.js';

@Module({
  imports: [AuthModule],
  controllers: [AgentsController],
  providers: [AgentsService, Ownership, OwnershipHistory],
  exports: [AgentsService, Ownership, OwnershipHistory],
})
export class AgentsModule {}
