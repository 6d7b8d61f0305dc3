/**
 * Takes a call's content out of the log. Its events stay as tombstones: number, owner and identity, and nothing of what was
 * said, so that a tenant's count keeps no hole and what comes again is known. One more event of the same kind is appended:
 * whoever has read the call, and keeps something of it, is told that it is gone (docs/protocol.md, section 10.4).
 */
import { Injectable } from '@nestjs/common';
import { Bus } from '../../bus/bus.js';
import type { AgentName, CallId, TenantId } from '../../common/ids.js';
import { serialiseJson } from '../../common/json.js';
import { moment } from '../../common/moment.js';
import { Prisma } from '../../database/generated/client.js';
import { type CallName, type LoggedEvent, CALL_ERASED } from './event.js';

export interface ErasedCall {
  /** Whose it was; null: nobody's. */
  readonly tenantId: TenantId | null;
  /** Events of which a tombstone is left. */
  readonly events: number;
  /** What is appended to say so. */
  readonly notice: LoggedEvent;
}

/** Events of which a tombstone is left in one transaction; a few milliseconds. */
const EMPTIED_AT_ONCE = 500;

@Injectable()
export class CallErasure {
  constructor(private readonly bus: Bus) {}

  /**
   * Erases the call within a transaction that holds the append lock, taken at `head`. Undefined for a call that the log does not
   * know, or no more. To be followed by {@link announce} when it is committed. An enormous call is emptied before, by
   * {@link emptySome}: appends wait for what is left of it only.
   */
  async erase(
    transaction: Prisma.TransactionClient,
    head: bigint,
    { tenantId, callId }: CallName,
  ): Promise<ErasedCall | undefined> {
    const at = moment();
    const tenant = tenantId ?? '';
    const rows = await transaction.$queryRaw<{ agent: AgentName; first_position: bigint }[]>`
      UPDATE call_tenants SET erased_at = clock_timestamp() WHERE call_id = ${callId} AND tenant_id = ${tenant} AND erased_at IS NULL
      RETURNING agent, first_position`;
    const [first] = rows.sort((one, other) => Number(one.first_position - other.first_position));
    if (first === undefined) return undefined;
    const { agent } = first;
    const events = await this.emptyRest(transaction, { tenantId, callId });
    const data = dataOf(callId, agent, at);
    const common = { type: CALL_ERASED, agent, callId: null, at: at.toISOString(), data, ephemeral: false };
    const position = head + 1n;
    const seq = tenantId === null ? null : await nextSeq(transaction, tenantId);
    await transaction.$queryRaw`SELECT FROM extend_log(${position})`;
    await transaction.$executeRaw`
      INSERT INTO log_events (position, tenant_id, seq, agent, type, at, key, data)
      VALUES (${position}, ${tenantId}, ${seq}, ${agent}, ${CALL_ERASED}, ${at}, log_key(${`erased ${callId}`}), ${data})`;
    await transaction.$executeRaw`UPDATE log_head SET position = ${position} WHERE id = 1`;
    const numbers = { position: Number(position), seq: seq === null ? null : Number(seq) };
    return { tenantId, events, notice: { ...common, tenantId, ...numbers } };
  }

  /**
   * Leaves a tombstone of some of its events, after a position and in order. It has no call, so that whoever looks for the call's events
   * passes over it; it keeps its agent, which is a part of what makes a repeat recognisable. `last` null: there were none.
   */
  async emptySome(
    transaction: Prisma.TransactionClient,
    { tenantId, callId }: CallName,
    after: bigint,
  ): Promise<{ events: number; last: bigint | null }> {
    // Said in two ways, for an index serves both, and IS NOT DISTINCT FROM in none.
    const owned = tenantId === null ? Prisma.sql`tenant_id IS NULL` : Prisma.sql`tenant_id = ${tenantId}`;
    const rows = await transaction.$queryRaw<{ position: bigint; seq: bigint | null; agent: AgentName }[]>`
      SELECT position, seq, agent FROM events WHERE call_id = ${callId} AND ${owned} AND position > ${after}
      ORDER BY position LIMIT ${EMPTIED_AT_ONCE}`;
    const at = moment();
    for (const agent of new Set(rows.map((row) => row.agent))) {
      const positions = rows.filter((row) => row.agent === agent).map(({ position }) => position);
      const empty = Prisma.sql`SET call_id = NULL, type = ${CALL_ERASED}, at = ${at}, data = ${dataOf(callId, agent, at)}
        WHERE position = ANY (${positions})`;
      // In this order: what is moved from one to the other meanwhile is found in its new place.
      await transaction.$executeRaw`UPDATE events_before ${empty}`;
      await transaction.$executeRaw`UPDATE log_events ${empty}`;
    }
    if (rows.length > 0) {
      const [seqs, positions] = [rows.flatMap(({ seq }) => seq ?? []), rows.map(({ position }) => position)];
      await transaction.$executeRaw`SELECT mark_again(${tenantId ?? ''}, ${seqs}::bigint[], ${positions}, ${CALL_ERASED})`;
    }
    return { events: rows.length, last: rows.at(-1)?.position ?? null };
  }

  private async emptyRest(transaction: Prisma.TransactionClient, name: CallName): Promise<number> {
    let events = 0;
    for (let after: bigint | null = 0n; after !== null;) {
      const some: Awaited<ReturnType<typeof this.emptySome>> = await this.emptySome(transaction, name, after);
      events += some.events;
      after = some.last;
    }
    return events;
  }

  /** Tells every process, and by the log every reader. */
  announce(callId: CallId, { tenantId, notice }: ErasedCall): void {
    const { position } = notice;
    this.bus.publish({ kind: 'call-erased', tenantId, callId });
    this.bus.publish({ kind: 'appended', first: position, last: position, complete: true, events: [notice] });
  }
}

function dataOf(callId: CallId, agent: AgentName, at: Date): string {
  return serialiseJson({ callId, agent, at: at.toISOString() });
}

async function nextSeq(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<bigint> {
  const rows = await transaction.$queryRaw<{ seq: bigint }[]>`
    INSERT INTO tenant_heads (tenant_id, seq) SELECT ${tenantId}, resumed_after + 1 FROM log_lineage WHERE id = 1
    ON CONFLICT (tenant_id) DO UPDATE SET seq = tenant_heads.seq + 1 RETURNING seq`;
  return rows[0]?.seq ?? 1n;
}
