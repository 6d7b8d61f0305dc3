import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, Scopes } from '../auth/auth.decorators.js';
import { opaqueIdSchema } from '../common/ids.js';
import { ConnectionsService } from './connections.service.js';
import { Operation } from '../common/operation.js';
import { connectionList } from './admin-answers.js';

@ApiTags('Connections')
@Controller('v1/admin/connections')
@Scopes('admin')
export class ConnectionsController {
  constructor(private readonly connections: ConnectionsService) {}

  @Operation({
    id: 'listConnections',
    summary: 'Open streams of all processes: who, since when, from where, how far behind',
    answer: connectionList,
  })
  @Get()
  async list() {
    return { connections: await this.connections.listAcrossTenants(), next: null };
  }

  @Operation({
    id: 'closeConnection',
    summary: 'Close an open stream; its client may come back and resume',
    answer: null,
    problems: ['not-found'],
  })
  @Delete(':id')
  @HttpCode(204)
  async close(@CurrentActor() actor: Actor, @Param('id', { schema: opaqueIdSchema }) id: string): Promise<void> {
    await this.connections.close(id, actor);
  }
}
