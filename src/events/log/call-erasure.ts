/**
 * Takes a call's content out of the log. Its events stay as tombstones: they keep number, owner and identity, and
 * nothing of what was said. So a tenant's numbers have no hole, and repeats are still recognised. One more event of the
 * same kind is appended, so that readers that keep something of the call learn that it is erased (docs/protocol.md,
 * section 10.4).
 */
import { Injectable } from '@nestjs/common';
import { Bus } from '../../bus/bus.js';
import type { AgentName, CallId, TenantId } from '../../common/ids.js';
import { serialiseJson } from '../../common/json.js';
import { moment } from '../../common/moment.js';
import { Prisma } from '../../database/generated/client.js';
import { type CallName, type LoggedEvent, CALL_ERASED } from './event.js';

export interface ErasedCall {
  /** Whose call it was; null: nobody's. */
  readonly tenantId: TenantId | null;
  /** How many events became tombstones. */
  readonly events: number;
  /** The event that is appended to say so. */
  readonly notice: LoggedEvent;
}

/** Events that become tombstones in one transaction; it takes a few milliseconds. */
const EMPTIED_AT_ONCE = 500;

@Injectable()
export class CallErasure {
  constructor(private readonly bus: Bus) {}

  /**
   * Erases the call within a transaction that holds the append lock, taken at `head`. Undefined if the log does not
   * know the call, or no longer does. Call {@link announce} after the commit. Empty an enormous call first with {@link
   * emptySome}: then appends wait only for the rest.
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
   * Makes tombstones of some of the call's events, after a position and in order. These have no call, so that searches
   * for the call's events pass over them. They keep their agent, because it is a part of what makes a repeat
   * recognisable. `last` null: no events were left.
   */
  async emptySome(
    transaction: Prisma.TransactionClient,
    { tenantId, callId }: CallName,
    after: bigint,
  ): Promise<{ events: number; last: bigint | null }> {
    // There are two forms because an index serves each of them, but does not serve IS NOT DISTINCT FROM.
    const owned = tenantId === null ? Prisma.sql`tenant_id IS NULL` : Prisma.sql`tenant_id = ${tenantId}`;
    const rows = await transaction.$queryRaw<{ position: bigint; seq: bigint | null; agent: AgentName }[]>`
      SELECT position, seq, agent FROM events WHERE call_id = ${callId} AND ${owned} AND position > ${after}
      ORDER BY position LIMIT ${EMPTIED_AT_ONCE}`;
    const at = moment();
    for (const agent of new Set(rows.map((row) => row.agent))) {
      const positions = rows.filter((row) => row.agent === agent).map(({ position }) => position);
      const empty = Prisma.sql`SET call_id = NULL, type = ${CALL_ERASED}, at = ${at}, data = ${dataOf(callId, agent, at)}
        WHERE position = ANY (${positions})`;
      // The order matters: a row that is moved from one table to the other meanwhile is found in its new place.
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

  /** Tells every process at once; the log tells every reader. */
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
