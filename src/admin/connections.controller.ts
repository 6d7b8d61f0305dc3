import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, Scopes } from '../auth/auth.decorators.js';
import { opaqueIdSchema } from '../common/ids.js';
import { ConnectionsService } from './connections.service.js';

@ApiTags('Connections')
@Controller('v1/admin/connections')
@Scopes('admin')
export class ConnectionsController {
  constructor(private readonly connections: ConnectionsService) {}

  @ApiOperation({ summary: 'Open streams of all processes: who, since when, from where, how far behind' })
  @Get()
  async list() {
    return { connections: await this.connections.listAcrossTenants(), next: null };
  }

  @ApiOperation({ summary: 'Close an open stream; its client may come back and resume' })
  @Delete(':id')
  @HttpCode(204)
  async close(@CurrentActor() actor: Actor, @Param('id', { schema: opaqueIdSchema }) id: string): Promise<void> {
    await this.connections.close(id, actor);
  }
}
