import { DynamicModule, Module, type Type } from '@nestjs/common';
import { AdminModule } from './admin/admin.module.js';
import { AgentsModule } from './agents/agents.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { BusModule } from './bus/bus.module.js';
import { CallsModule } from './calls/calls.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Env } from './config/env.js';
import { DashboardModule } from './dashboard/dashboard.module.js';
import { DatabaseModule } from './database/database.module.js';
import { DemoModule } from './demo/demo.module.js';
import { DeskModule } from './desk/desk.module.js';
import { EventsModule } from './events/events.module.js';
import { HealthModule } from './health/health.module.js';
import { ReadersModule } from './readers/readers.module.js';
import { RetentionModule } from './retention/retention.module.js';
import { RulesModule } from './rules/rules.module.js';
import { SourcesModule } from './sources/sources.module.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** The map of the product: foundations first, then the modules from the bottom up. */
@Module({})
export class AppModule {
  static forRoot(
    env: Env,
    databaseUrl: string,
    http: DynamicModule,
    extraModules: readonly Type[] = [],
  ): DynamicModule {
    const foundations = [ConfigModule.forRoot(env), http, DatabaseModule.forRoot(databaseUrl), BusModule, AuditModule];
    const rooms = [
      AuthModule,
      TenantsModule,
      AgentsModule,
      EventsModule,
      ReadersModule,
      RulesModule,
      SourcesModule,
      CallsModule,
      DeskModule,
      WebhooksModule,
      AdminModule,
      RetentionModule,
      HealthModule,
      DemoModule,
      DashboardModule,
    ];
    return { module: AppModule, imports: [...foundations, ...rooms, ...extraModules] };
  }
}
