import { Controller, Get, Header, OnModuleDestroy, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { OperatorAccess, Public } from '../auth/auth.decorators.js';
import { Bus } from '../bus/bus.js';
import { CallsService } from '../calls/calls.service.js';
import { metrics } from '../common/metrics.js';
import { PgPool } from '../database/pg-pool.js';
import { SourceSupervisor } from '../sources/source-supervisor.js';

/** A database that takes longer to say "1" is away. */
const DATABASE_MS = 2000;

const AWAY = { state: 'away' };

@ApiTags('Health')
@Controller()
export class HealthController implements OnModuleDestroy {
  private isLeaving = false;

  constructor(
    private readonly pool: PgPool,
    private readonly bus: Bus,
    private readonly sources: SourceSupervisor,
    private readonly calls: CallsService,
  ) {}

  /** The first thing that a process does that goes down: whoever sends readers here sends them elsewhere. */
  onModuleDestroy(): void {
    this.isLeaving = true;
  }

  /** The process lives. */
  @ApiOperation({ summary: 'The process lives' })
  @Get('healthz')
  @Public()
  healthz() {
    return { status: 'ok' };
  }

  /**
   * Part by part. 503 while the database is away, and once the process is going down. A source that waits for its upstream, or a bus that is away (the log is
   * polled then), does not make the process unready: readers keep what they have. `calls`: how many events behind the log they
   * are, and how far a rebuild is.
   */
  @ApiOperation({
    summary: 'Database, bus, calls and sources, each by name; 503 while the database is away or the process goes down',
  })
  @Get('readyz')
  @Public()
  async readyz(@Res({ passthrough: true }) response: Response) {
    const database = await this.databaseAnswers();
    const ready = database && !this.isLeaving;
    response.status(ready ? 200 : 503);
    return {
      status: ready ? 'ready' : this.isLeaving ? 'leaving' : 'unready',
      database: { state: database ? 'up' : 'away' },
      bus: { state: this.bus.connected ? 'up' : 'away' },
      calls: database ? await this.calls.progress().catch(() => AWAY) : AWAY,
      sources: Object.fromEntries(this.sources.status.map(({ name, ...status }) => [name, status])),
    };
  }

  @ApiOperation({ summary: 'Prometheus metrics' })
  @Get('metrics')
  @OperatorAccess()
  @Header('Content-Type', metrics.contentType)
  metrics() {
    return metrics.metrics();
  }

  private async databaseAnswers(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), DATABASE_MS)));
    const answer = this.pool.query('SELECT 1').then(
      () => true,
      () => false,
    );
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  }
}
