import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { DemoService } from './demo.service.js';

@Module({ imports: [AuthModule, TenantsModule, AgentsModule], providers: [DemoService] })
export class DemoModule {}
