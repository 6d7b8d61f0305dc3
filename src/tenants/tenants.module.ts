import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { TenantErasures } from './tenant-erasures.js';
import { LimitsController, TenantsController } from './tenants.controller.js';
import { TenantsService } from './tenants.service.js';

@Module({
  imports: [AuthModule],
  controllers: [TenantsController, LimitsController],
  providers: [TenantsService, TenantErasures],
  exports: [TenantsService, TenantErasures],
})
export class TenantsModule {}
