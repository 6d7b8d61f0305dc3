/**
 * The projection's tables, and the only writer of them. A writer holds the row of `projections` until its commit. The
 * row also says how far the log has been read. So two processes never write at once, a kill loses or doubles nothing,
 * and what was erased does not come back from a batch that was read before the erasure.
 */
import { Injectable } from '@nestjs/common';
import type { CallId, TenantId } from '../../common/ids.js';
import { Prisma } from '../../database/generated/client.js';
import { PgPool, type Run } from '../../database/pg-pool.js';
import { BackgroundPool } from '../../database/pools.js';
import type { CallName } from '../../events/log/event.js';
import { LOGGED_CALLS, isLogged } from '../../events/log/log-fragments.js';
import { tenantColumn, tenantIn } from './call-row.js';

/** How far the projection is. */
export interface Progress {
  /** Events up to this position are in it. */
  readonly position: number;
  /** The log's last position. */
  readonly head: number;
  readonly rebuild: Rebuild | null;
  /** Calls whose events are not taken in, because one of them ended the process that did so. */
  readonly quarantined: number;
}

/** A rebuild: the tables are made anew, call by call. */
export interface Rebuild {
  /** The call that was done last; null: none yet. */
  readonly after: CallName | null;
  /**
   * The next call, if it is too long for one step, and the position up to which it has been read; 0: it is not begun.
   */
  readonly call: CallName | null;
  readonly reached: number;
  readonly done: number;
  readonly total: number;
}

/** Where a writer goes on. */
export interface Place {
  readonly position: number;
  readonly rebuild: Rebuild | null;
}

interface PlaceRow {
  position: number;
  rebuild_after: string | null;
  rebuild_call: string | null;
  rebuild_reached: number;
  rebuild_done: number;
  rebuild_total: number;
}

const PLACE = 'p.position, p.rebuild_after, p.rebuild_call, p.rebuild_reached, p.rebuild_done, p.rebuild_total';
const PROGRESS = `SELECT ${PLACE}, h.position AS head, (SELECT count(*) FROM quarantined_calls) AS quarantined
  FROM projections p, log_head h WHERE p.name = 'calls' AND h.id = 1`;
const LOCK = `SELECT ${PLACE} FROM projections p WHERE name = 'calls' FOR UPDATE SKIP LOCKED`;

/** Raise it with every change of what the tables hold for the same events: words as they are folded, ids, numbers. */
const VERSION = 4;

/** Rows that are erased at once: the projection waits for this. */
const ERASED_AT_ONCE = 1000;

@Injectable()
export class CallStore {
  constructor(
    private readonly pool: PgPool,
    private readonly background: BackgroundPool,
  ) {}

  async progress(run: Run = (text, values) => this.pool.query(text, values)): Promise<Progress> {
    const { rows } = await run<PlaceRow & { head: number; quarantined: number }>(PROGRESS);
    const [row] = rows;
    if (row === undefined) throw new Error('the projection has no row');
    return { ...placeIn(row), head: row.head, quarantined: row.quarantined };
  }

  /** Runs `work` as the only writer, from where the last writer ended. False when another process writes. */
  async asWriter(work: (run: Run, place: Place) => Promise<void>): Promise<boolean> {
    return this.background.transaction(async (run) => {
      // A commit that a crash loses is made again from the log, so nobody waits for the disk.
      await run(`SET LOCAL synchronous_commit = off`);
      const { rows } = await run<PlaceRow>(LOCK);
      const [row] = rows;
      if (row === undefined) return false;
      await work(run, placeIn(row));
      return true;
    });
  }

  async moveTo(run: Run, position: number): Promise<void> {
    await run(`UPDATE projections SET position = $1 WHERE name = 'calls'`, [position]);
  }

  /** `done` more calls are done, up to this one; null: all calls are done. */
  async moveRebuild(run: Run, call: CallName | null, done: number): Promise<void> {
    const after = call === null ? null : rebuildMark(call);
    await run(
      `UPDATE projections SET rebuild_after = $1, rebuild_done = rebuild_done + $2, rebuild_call = NULL, rebuild_reached = 0,
         rebuild_ended_at = CASE WHEN $1::text IS NULL THEN now() END WHERE name = 'calls'`,
      [after, done],
    );
  }

  /** The next call has been read up to a position, but not to its end. */
  async moveWithinCall(run: Run, call: CallName, reached: number): Promise<void> {
    await run(`UPDATE projections SET rebuild_call = $1, rebuild_reached = $2 WHERE name = 'calls'`, [
      rebuildMark(call),
      reached,
    ]);
  }

  /** Marks the tables as made by this version. True when an older version made them: then they have to be made anew. */
  async claimVersion(transaction: Prisma.TransactionClient): Promise<boolean> {
    const older = await transaction.$queryRaw<{ position: number }[]>`UPDATE projections SET version = ${VERSION}
      WHERE name = 'calls' AND version < ${VERSION} RETURNING position`;
    return older.some(({ position }) => position > 0);
  }

  /** Marks everything to be made anew, from the first call on, also when a rebuild is under way already. */
  async startRebuild(transaction: Prisma.TransactionClient): Promise<void> {
    await transaction.$executeRaw`UPDATE projections SET rebuild_after = '', rebuild_done = 0, rebuild_started_at = now(),
      rebuild_ended_at = NULL, rebuild_call = NULL, rebuild_reached = 0,
      rebuild_total = (SELECT count(*) FROM (${Prisma.raw(LOGGED_CALLS)}) c) WHERE name = 'calls'`;
    await transaction.$executeRaw`DELETE FROM quarantined_calls`;
  }

  /** Waits until nobody else writes. The lock lasts until the end of the transaction. */
  async lock(transaction: Prisma.TransactionClient): Promise<void> {
    await transaction.$queryRaw`SELECT position FROM projections WHERE name = 'calls' FOR UPDATE`;
  }

  /** As {@link lock}, over the caller's connection. */
  async lockWithin(run: Run): Promise<void> {
    await run(`SELECT position FROM projections WHERE name = 'calls' FOR UPDATE`);
  }

  /**
   * Removes those of these calls of which the log has no event any more; within a transaction that holds the {@link
   * lock}.
   */
  async forget(
    transaction: Prisma.TransactionClient,
    tenantId: TenantId | null,
    callIds: readonly CallId[],
  ): Promise<void> {
    const tenant = tenantColumn(tenantId);
    const gone = await transaction.$queryRaw<
      { call_id: string }[]
    >`SELECT call_id FROM unnest(${callIds}::text[]) AS asked(call_id)
      CROSS JOIN (SELECT ${tenant}::text AS id) tenant WHERE NOT ${Prisma.raw(isLogged('asked.call_id', 'tenant.id'))}`;
    const ids = gone.map(({ call_id }) => call_id);
    await transaction.$executeRaw`DELETE FROM call_parts WHERE tenant_id = ${tenant} AND call_id = ANY (${ids})`;
    await transaction.$executeRaw`DELETE FROM calls WHERE tenant_id = ${tenant} AND call_id = ANY (${ids})`;
    await transaction.$executeRaw`DELETE FROM quarantined_calls WHERE tenant_id = ${tenant} AND call_id = ANY (${ids})`;
  }

  /**
   * Removes a batch of a tenant's calls after its events are gone, their parts first. It needs a transaction that holds
   * the {@link lock}, so that no batch of the projection is under way that has read them before. Returns the last call;
   * null: no call was left after the given one.
   */
  async erase(
    transaction: Prisma.TransactionClient,
    tenantId: TenantId,
    of: 'calls' | 'call_parts',
    from: string,
  ): Promise<string | null> {
    const keys = of === 'calls' ? Prisma.sql`tenant_id, call_id` : Prisma.sql`tenant_id, call_id, key`;
    const table = Prisma.raw(of);
    const [row] = await transaction.$queryRaw<{ last: string | null }[]>`
      WITH gone AS (DELETE FROM ${table} WHERE (${keys}) IN (SELECT ${keys} FROM ${table}
        WHERE tenant_id = ${tenantId} AND call_id >= ${from} ORDER BY ${keys} LIMIT ${ERASED_AT_ONCE}) RETURNING call_id)
      SELECT max(call_id) AS last FROM gone`;
    await transaction.$executeRaw`DELETE FROM quarantined_calls WHERE tenant_id = ${tenantId}`;
    await transaction.$executeRaw`DELETE FROM call_periods WHERE tenant_id = ${tenantId}`;
    return row?.last ?? null;
  }

  /**
   * Removes some parts of a call that is being erased, within a transaction that holds the {@link lock}. False: there
   * are none.
   */
  async eraseSomeParts(transaction: Prisma.TransactionClient, { tenantId, callId }: CallName): Promise<boolean> {
    const tenant = tenantColumn(tenantId);
    const count = await transaction.$executeRaw`DELETE FROM call_parts WHERE (tenant_id, call_id, key) IN (
      SELECT tenant_id, call_id, key FROM call_parts WHERE tenant_id = ${tenant} AND call_id = ${callId}
      ORDER BY key LIMIT ${ERASED_AT_ONCE})`;
    return count === ERASED_AT_ONCE;
  }

  /** Erases one call, within a transaction that holds the {@link lock}. */
  async eraseCall(transaction: Prisma.TransactionClient, { tenantId, callId }: CallName): Promise<void> {
    const tenant = tenantColumn(tenantId);
    await transaction.$executeRaw`DELETE FROM call_parts WHERE tenant_id = ${tenant} AND call_id = ${callId}`;
    await transaction.$executeRaw`DELETE FROM calls WHERE tenant_id = ${tenant} AND call_id = ${callId}`;
    await transaction.$executeRaw`DELETE FROM quarantined_calls WHERE tenant_id = ${tenant} AND call_id = ${callId}`;
  }
}

function placeIn(row: PlaceRow): Place {
  const { position, rebuild_after: after, rebuild_call: call, rebuild_reached: reached } = row;
  if (after === null) return { position, rebuild: null };
  const [done, total] = [row.rebuild_done, row.rebuild_total];
  return {
    position,
    rebuild: { after: callIn(after), call: call === null ? null : callIn(call), reached, done, total },
  };
}

/** A call as one text: ids of calls and tenants have no white space. */
export function rebuildMark({ tenantId, callId }: CallName): string {
  return `${callId} ${tenantColumn(tenantId)}`;
}

/** Null for the empty text: before the first call. */
function callIn(mark: string): CallName | null {
  const [callId = '', tenant = ''] = mark.split(' ');
  return callId === '' ? null : { callId: callId as CallId, tenantId: tenantIn(tenant) };
}
