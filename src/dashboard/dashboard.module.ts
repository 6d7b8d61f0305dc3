import { Inject, Module, type NestModule } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ENV, type Env } from '../config/env.js';
import { serveDashboard } from './dashboard-files.js';

/** The page at `/`: files that `npm run build` makes from `app/`. It uses HTTP and SSE only, like any other client. */
@Module({})
export class DashboardModule implements NestModule {
  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /**
   * Before the routes, which would answer 404; and not by the consumer, which hides a request's path from what it
   * mounts.
   */
  configure(): void {
    for (const handler of serveDashboard(this.env)) this.adapterHost.httpAdapter.use(handler);
  }
}
