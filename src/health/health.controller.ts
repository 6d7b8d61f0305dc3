import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { z } from 'zod';
import { OperatorAccess, Public } from '../auth/auth.decorators.js';
import { metrics } from '../common/metrics.js';
import { type Readiness, ReadinessService } from './readiness.js';
import { Exposition } from './exposition.js';
import { Operation } from '../common/operation.js';
import { livenessAnswer, readinessAnswer } from './health-answers.js';

@ApiTags('Health')
@Controller()
export class HealthController {
  constructor(
    private readonly readiness: ReadinessService,
    private readonly exposition: Exposition,
  ) {}

  /** Answers while the process runs. */
  @Operation({
    id: 'getLiveness',
    summary: 'The process lives',
    answer: livenessAnswer,
  })
  @Get('healthz')
  @Public()
  healthz() {
    return { status: 'ok' as const };
  }

  /** The state of each part. 503 once the process is going down, so that a balancer sends it no more readers. */
  @Operation({
    id: 'getReadiness',
    summary: 'Database, tail of the log, bus, calls and sources, each by name; 503 once the process goes down',
    answer: readinessAnswer,
    alsoStatus: 503,
  })
  @Get('readyz')
  @Public()
  async readyz(@Res({ passthrough: true }) response: Response): Promise<Readiness> {
    const readiness = await this.readiness.look();
    response.status(readiness.status === 'leaving' ? 503 : 200);
    return readiness;
  }

  /** With `METRICS_TOKEN` it answers also while the database is away. */
  @Operation({
    id: 'getMetrics',
    summary: 'Prometheus metrics',
    answer: z.string(),
    type: 'text/plain',
    example: '# TYPE switchboard_streams_open gauge\nswitchboard_streams_open 12\n',
  })
  @Get('metrics')
  @OperatorAccess()
  @Header('Content-Type', metrics.contentType)
  prometheus(): Promise<string> {
    return this.exposition.text();
  }
}
