import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CallsModule } from '../calls/calls.module.js';
import { SourcesModule } from '../sources/sources.module.js';
import { HealthController } from './health.controller.js';

@Module({ imports: [AuthModule, SourcesModule, CallsModule], controllers: [HealthController] })
export class HealthModule {}
