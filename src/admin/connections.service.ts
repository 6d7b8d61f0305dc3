import { Injectable } from '@nestjs/common';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import type { TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { PrismaService } from '../database/prisma.service.js';
import { ConnectionDirectory, type ConnectionView } from '../events/streams/connection-directory.js';

@Injectable()
export class ConnectionsService {
  constructor(
    private readonly directory: ConnectionDirectory,
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  /** The connections of all processes, oldest first. */
  listAcrossTenants(): Promise<ConnectionView[]> {
    return this.directory.listAcrossTenants();
  }

  /** Throws `not-found`. The client may come back: to keep it out, revoke its token. */
  async close(id: string, actor: Actor): Promise<void> {
    const closed = await this.directory.closeAcrossTenants(id);
    if (closed === undefined) throw new Problem('not-found', 'There is no open stream of that id.');
    const { tenant, tokenId, remoteAddress } = closed;
    await this.audit.record(this.prisma, actor, {
      action: 'connection.close',
      target: id,
      before: { tokenId, remoteAddress },
      after: null,
      books: tenant === null ? [] : [{ tenantId: tenant as TenantId }],
    });
  }
}
