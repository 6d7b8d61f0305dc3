/**
 * Appends what we say about a tenant itself and what no agent does: `webhook.disabled`. These types are reserved, so no
 * source can send them. Such an event has no agent and no call, so a reader of only some agents is not given it.
 */
import { Injectable } from '@nestjs/common';
import { Bus } from '../../bus/bus.js';
import type { AgentName, TenantId } from '../../common/ids.js';
import { serialiseJson } from '../../common/json.js';
import { moment } from '../../common/moment.js';
import { AppendPool } from '../../database/pools.js';
import { type LoggedEvent, eventKey } from './event.js';

const APPEND = 'SELECT * FROM append_tenant_event($1, $2, $3, $4, $5)';

export interface TenantEvent {
  readonly type: string;
  /** What makes a repeat recognisable. */
  readonly identity: readonly unknown[];
  readonly data: Readonly<Record<string, unknown>>;
}

@Injectable()
export class TenantEvents {
  constructor(
    private readonly pool: AppendPool,
    private readonly bus: Bus,
  ) {}

  /** Resolves after the commit. False: the log has the event already, or there is no such tenant. */
  async append(tenantId: TenantId, { type, identity, data: said }: TenantEvent): Promise<boolean> {
    const at = moment().toISOString();
    const data = serialiseJson({ ...said, at });
    const values = [tenantId, type, at, eventKey(identity), data];
    const { rows } = await this.pool.prepared<{ position: number; seq: number }>('append-tenant-event', APPEND, values);
    const [row] = rows;
    if (row === undefined) return false;
    const { position, seq } = row;
    const common = { type, agent: '' as AgentName, callId: null, at, data, ephemeral: false };
    const event: LoggedEvent = { ...common, tenantId, position, seq };
    this.bus.publish({ kind: 'appended', first: position, last: position, complete: true, events: [event] });
    return true;
  }
}
