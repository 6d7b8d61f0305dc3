import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { AgentsController } from './agents.controller.js';
import { AgentsService } from './agents.service.js';
import { Ownership } from './ownership.js';

@Module({
  imports: [AuthModule],
  controllers: [AgentsController],
  providers: [AgentsService, Ownership],
  exports: [AgentsService, Ownership],
})
export class AgentsModule {}
