/**
 * Takes a call's content out of the log. Its events stay as tombstones: number, owner and identity, and nothing of what was
 * said, so that a tenant's count keeps no hole and what comes again is known. One more event of the same kind is appended:
 * whoever has read the call, and keeps something of it, is told that it is gone.
 */
import { Injectable } from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import type { AgentName, CallId, TenantId } from '../common/ids.js';
import { serialiseJson } from '../common/json.js';
import { moment } from '../common/moment.js';
import type { Prisma } from '../database/generated/client.js';
import { type LoggedEvent, CALL_ERASED } from './event.js';

export interface ErasedCall {
  /** Whose it was; null: nobody's. */
  readonly tenantId: TenantId | null;
  /** Events of which a tombstone is left. */
  readonly events: number;
  /** What is appended to say so. */
  readonly notice: LoggedEvent;
}

interface CallRow {
  tenant_id: TenantId | null;
  agent: AgentName;
}

@Injectable()
export class CallErasure {
  constructor(private readonly bus: Bus) {}

  /**
   * Erases the call within a transaction that holds the append lock, taken at `head`. Undefined for a call that the log does not
   * know, or no more. To be followed by {@link announce} when it is committed.
   */
  async erase(transaction: Prisma.TransactionClient, head: bigint, callId: CallId): Promise<ErasedCall | undefined> {
    const [call] = await transaction.$queryRaw<CallRow[]>`
      DELETE FROM call_tenants WHERE call_id = ${callId} RETURNING tenant_id, agent`;
    if (call === undefined) return undefined;
    const { tenant_id: tenantId, agent } = call;
    const at = moment();
    await transaction.$executeRaw`
      INSERT INTO erased_calls (call_id, tenant_id, agent, erased_at) VALUES (${callId}, ${tenantId}, ${agent}, ${at})`;
    const data = serialiseJson({ callId, agent, at: at.toISOString() });
    // Without its call: whoever looks for the call's events, or makes calls of events, passes over them.
    const events = await transaction.$executeRaw`
      UPDATE events SET call_id = NULL, agent = ${agent}, type = ${CALL_ERASED}, at = ${at}, data = ${data}
      WHERE call_id = ${callId}`;
    const common = { type: CALL_ERASED, agent, callId: null, at: at.toISOString(), data, ephemeral: false };
    const position = head + 1n;
    const seq = tenantId === null ? null : await nextSeq(transaction, tenantId);
    await transaction.$executeRaw`
      INSERT INTO events (position, tenant_id, seq, agent, type, at, source_key, data)
      VALUES (${position}, ${tenantId}, ${seq}, ${agent}, ${CALL_ERASED}, ${at}, ${`erased ${callId}`}, ${data})`;
    await transaction.$executeRaw`UPDATE log_head SET position = ${position} WHERE id = 1`;
    const numbers = { position: Number(position), seq: seq === null ? null : Number(seq) };
    return { tenantId, events, notice: { ...common, tenantId, ...numbers } };
  }

  /** Tells every process, and by the log every reader. */
  announce(callId: CallId, { notice }: ErasedCall): void {
    const { position } = notice;
    this.bus.publish({ kind: 'call-erased', callId });
    this.bus.publish({ kind: 'appended', first: position, last: position, complete: true, events: [notice] });
  }
}

async function nextSeq(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<bigint> {
  const rows = await transaction.$queryRaw<{ seq: bigint }[]>`
    INSERT INTO tenant_heads (tenant_id, seq) SELECT ${tenantId}, resumed_after + 1 FROM log_lineage WHERE id = 1
    ON CONFLICT (tenant_id) DO UPDATE SET seq = tenant_heads.seq + 1 RETURNING seq`;
  return rows[0]?.seq ?? 1n;
}
