import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { OperatorAccess, Public } from '../auth/auth.decorators.js';
import { metrics } from '../common/metrics.js';
import { type Readiness, ReadinessService } from './readiness.js';
import { Exposition } from './exposition.js';

@ApiTags('Health')
@Controller()
export class HealthController {
  constructor(
    private readonly readiness: ReadinessService,
    private readonly exposition: Exposition,
  ) {}

  /** The process lives. */
  @ApiOperation({ summary: 'The process lives' })
  @Get('healthz')
  @Public()
  healthz() {
    return { status: 'ok' };
  }

  /** Part by part. 503 once the process is going down: whoever balances sends it no more readers. */
  @ApiOperation({
    summary: 'Database, tail of the log, bus, calls and sources, each by name; 503 once the process goes down',
  })
  @Get('readyz')
  @Public()
  async readyz(@Res({ passthrough: true }) response: Response): Promise<Readiness> {
    const readiness = await this.readiness.look();
    response.status(readiness.status === 'leaving' ? 503 : 200);
    return readiness;
  }

  /** Answers also while the database is away, with `METRICS_TOKEN`. */
  @ApiOperation({ summary: 'Prometheus metrics' })
  @Get('metrics')
  @OperatorAccess()
  @Header('Content-Type', metrics.contentType)
  prometheus(): Promise<string> {
    return this.exposition.text();
  }
}
