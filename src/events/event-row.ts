/** A row of the log as PostgreSQL gives it, and as readers get it. */
import type { AgentName, CallId, TenantId } from '../common/ids.js';
import type { LoggedEvent } from './event.js';

export interface EventRow {
  position: number;
  tenant_id: TenantId | null;
  seq: number | null;
  call_id: CallId | null;
  agent: AgentName;
  type: string;
  at: Date;
  data: string;
}

/** With the size of its data. */
export interface SizedRow extends EventRow {
  readonly bytes: number;
}

export function toLoggedEvent(row: EventRow): LoggedEvent {
  return {
    type: row.type,
    agent: row.agent,
    callId: row.call_id,
    at: row.at.toISOString(),
    data: row.data,
    ephemeral: false,
    tenantId: row.tenant_id,
    position: row.position,
    seq: row.seq,
  };
}
