/**
 * Disables an endpoint that no longer takes anything. The audit and the page show it, and so does an event in the
 * tenant's log.
 */
import { Injectable } from '@nestjs/common';
import { AuditLog, SYSTEM } from '../audit/audit-log.js';
import { PrismaService } from '../database/prisma.service.js';
import { WEBHOOK_DISABLED } from '../events/log/event.js';
import { TenantEvents } from '../events/log/tenant-events.js';
import { LogReaders } from '../readers/log-readers.js';
import { ReaderTable } from '../readers/reader-table.js';
import { type Endpoint, WEBHOOK } from './endpoint.js';
import { shownUrl } from './webhook-url.js';

@Injectable()
export class Disabling {
  constructor(
    private readonly prisma: PrismaService,
    private readonly table: ReaderTable,
    private readonly readers: LogReaders,
    private readonly events: TenantEvents,
    private readonly audit: AuditLog,
  ) {}

  /**
   * After a kill in between, the next attempt fails as the last one did, and the rest is done then. The event is stored
   * once.
   */
  async disable({ row: { id, tenantId, url, activeSince } }: Endpoint, reason: string): Promise<void> {
    const identity = [WEBHOOK_DISABLED, id, activeSince.toISOString()];
    await this.events.append(tenantId, { type: WEBHOOK_DISABLED, identity, data: { id, url: shownUrl(url), reason } });
    await this.prisma.$transaction(async (transaction) => {
      const reader = { kind: WEBHOOK, tenantId, name: id };
      await this.table.lock(transaction, reader);
      const where = { id, tenantId, status: 'active', activeSince };
      if ((await transaction.webhook.updateMany({ where, data: { status: 'disabled' } })).count === 0) return;
      await this.table.change(transaction, reader, { runs: false });
      const change = { action: 'webhook.disable', target: id, before: { status: 'active' } };
      await this.audit.record(transaction, SYSTEM, {
        ...change,
        after: { status: 'disabled', reason },
        books: [{ tenantId }],
      });
    });
    this.readers.changed(tenantId);
  }
}
