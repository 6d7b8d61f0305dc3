/**
 * The projection's tables, and the only writer of them. Whoever writes holds the row of `projections` until its commit, which
 * also says how far the log has been read: so two processes never write at once, a kill loses or doubles nothing, and what
 * an erasure has taken away does not come back from a batch that was read before it.
 */
import { Injectable } from '@nestjs/common';
import type { CallId, TenantId } from '../common/ids.js';
import { Prisma } from '../database/generated/client.js';
import { PgPool, type Run } from '../database/pg-pool.js';
import { BackgroundPool } from '../database/pools.js';
import { headIn, partsIn, tenantColumn } from './call-row.js';
import type { CallName } from '../events/event.js';
import { type TouchedCall } from './touched-call.js';

/** How far the projection is. */
export interface Progress {
  /** Events up to this position are in it. */
  readonly position: number;
  /** The log's last position. */
  readonly head: number;
  readonly rebuild: Rebuild | null;
}

/** It is being made anew, call by call. */
export interface Rebuild {
  /** The call that was done last; empty: none yet. */
  readonly after: string;
  readonly done: number;
  readonly total: number;
}

interface ProgressRow {
  position: number;
  head: number;
  rebuild_after: string | null;
  rebuild_done: number;
  rebuild_total: number;
}

const PROGRESS = `SELECT p.position, h.position AS head, p.rebuild_after, p.rebuild_done, p.rebuild_total
  FROM projections p, log_head h WHERE p.name = 'calls' AND h.id = 1`;
const LOCK = `SELECT position, rebuild_after FROM projections WHERE name = 'calls' FOR UPDATE SKIP LOCKED`;
const HEADS = `SELECT c.tenant_id, c.call_id, c.head FROM calls c
  JOIN unnest($1::text[], $2::text[]) AS k(tenant_id, call_id) USING (tenant_id, call_id)`;
const PARTS = `SELECT p.tenant_id, p.call_id, p.state FROM call_parts p
  JOIN unnest($1::text[], $2::text[], $3::text[]) AS k(tenant_id, call_id, key) USING (tenant_id, call_id, key)`;
const ALL_PARTS = `SELECT p.tenant_id, p.call_id, p.state FROM call_parts p
  JOIN unnest($1::text[], $2::text[]) AS k(tenant_id, call_id) USING (tenant_id, call_id)`;
const WRITE_CALLS = `INSERT INTO calls
  (tenant_id, call_id, agent, state, transport, reason, started_at, ended_at, duration, last_at, words, head)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
    $8::timestamptz[], $9::float8[], $10::timestamptz[], $11::tsvector[], $12::text[])
  ON CONFLICT (tenant_id, call_id) DO UPDATE SET agent = EXCLUDED.agent, state = EXCLUDED.state,
    transport = EXCLUDED.transport, reason = EXCLUDED.reason, started_at = EXCLUDED.started_at, ended_at = EXCLUDED.ended_at,
    duration = EXCLUDED.duration, last_at = EXCLUDED.last_at, words = EXCLUDED.words, head = EXCLUDED.head`;
const WRITE_PARTS = `INSERT INTO call_parts (tenant_id, call_id, key, kind, seq, text, words, state)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int8[], $6::text[], $7::tsvector[], $8::text[])
  ON CONFLICT (tenant_id, call_id, key) DO UPDATE SET kind = EXCLUDED.kind, seq = EXCLUDED.seq, text = EXCLUDED.text,
    words = EXCLUDED.words, state = EXCLUDED.state`;

/** Rows that are erased at once: the projection waits for it. */
const ERASED_AT_ONCE = 1000;

@Injectable()
export class CallStore {
  constructor(
    private readonly pool: PgPool,
    private readonly background: BackgroundPool,
  ) {}

  async progress(run: Run = (text, values) => this.pool.query(text, values)): Promise<Progress> {
    const { rows } = await run<ProgressRow>(PROGRESS);
    const [row] = rows;
    if (row === undefined) throw new Error('the projection has no row');
    const { position, head, rebuild_after: after, rebuild_done: done, rebuild_total: total } = row;
    return { position, head, rebuild: after === null ? null : { after, done, total } };
  }

  /** Runs `work` as the only writer, from the position up to which the log was read; false when another one writes. */
  async asWriter(work: (run: Run, position: number, rebuildAfter: string | null) => Promise<void>): Promise<boolean> {
    return this.background.transaction(async (run) => {
      // A commit that a crash loses is made again from the log: nobody waits for the disk.
      await run(`SET LOCAL synchronous_commit = off`);
      const { rows } = await run<{ position: number; rebuild_after: string | null }>(LOCK);
      const [row] = rows;
      if (row === undefined) return false;
      await work(run, row.position, row.rebuild_after);
      return true;
    });
  }

  /** Reads what is known of these calls, as far as they need it. */
  async load(run: Run, calls: readonly TouchedCall[]): Promise<void> {
    const byName = new Map(calls.map((call) => [nameOf(tenantColumn(call.name.tenantId), call.name.callId), call]));
    const heads = await run<{ tenant_id: string; call_id: string; head: string }>(HEADS, namesOf(calls));
    for (const { tenant_id, call_id, head } of heads.rows) byName.get(nameOf(tenant_id, call_id))?.know(headIn(head));
    const whole = calls.filter(({ needsAllParts }) => needsAllParts);
    const some = calls.filter(({ needsAllParts }) => !needsAllParts);
    const keys = some.flatMap((call) => call.keys.map((key) => ({ name: call.name, key })));
    const rows = [
      ...(await this.readParts(run, PARTS, [...namesOf(keys), keys.map(({ key }) => key)])),
      ...(await this.readParts(run, ALL_PARTS, namesOf(whole))),
    ];
    const states = new Map<string, string[]>();
    for (const { tenant_id, call_id, state } of rows) {
      const name = nameOf(tenant_id, call_id);
      const known = states.get(name);
      if (known === undefined) states.set(name, [state]);
      else known.push(state);
    }
    for (const [name, texts] of states) byName.get(name)?.knowParts(partsIn(texts));
  }

  /** Writes what the batch has made of these calls. */
  async save(run: Run, calls: readonly TouchedCall[]): Promise<void> {
    const rows = calls.map((call) => call.rows());
    const parts = rows.flatMap((row) => row.parts);
    if (rows.length > 0) await run(WRITE_CALLS, columnsOf(rows.map(({ call }) => call)));
    if (parts.length > 0) await run(WRITE_PARTS, columnsOf(parts));
  }

  async moveTo(run: Run, position: number): Promise<void> {
    await run(`UPDATE projections SET position = $1 WHERE name = 'calls'`, [position]);
  }

  async remove(run: Run, calls: readonly CallName[]): Promise<void> {
    const names = namesOf(calls.map((name) => ({ name })));
    for (const table of ['call_parts', 'calls'])
      await run(
        `DELETE FROM ${table} t USING unnest($1::text[], $2::text[]) AS k(tenant_id, call_id)
         WHERE t.tenant_id = k.tenant_id AND t.call_id = k.call_id`,
        names,
      );
  }

  async moveRebuild(run: Run, call: CallName | null, done: number): Promise<void> {
    const after = call === null ? null : rebuildMark(call);
    await run(
      `UPDATE projections SET rebuild_after = $1, rebuild_done = rebuild_done + $2,
         rebuild_ended_at = CASE WHEN $1::text IS NULL THEN now() END WHERE name = 'calls'`,
      [after, done],
    );
  }

  /** Marks everything to be made anew, from the first call on; also when that is under way already. */
  async startRebuild(transaction: Prisma.TransactionClient): Promise<void> {
    await transaction.$executeRaw`UPDATE projections SET rebuild_after = '', rebuild_done = 0, rebuild_started_at = now(),
      rebuild_ended_at = NULL, rebuild_total = (SELECT count(*) FROM (SELECT DISTINCT call_id, tenant_id FROM call_tenants) c) WHERE name = 'calls'`;
  }

  /** Waits until nobody else writes; to the end of the transaction. */
  async lock(transaction: Prisma.TransactionClient): Promise<void> {
    await transaction.$queryRaw`SELECT position FROM projections WHERE name = 'calls' FOR UPDATE`;
  }

  /** Of these calls, those that the log has nothing of any more; within a transaction that holds the {@link lock}. */
  async forget(
    transaction: Prisma.TransactionClient,
    tenantId: TenantId | null,
    callIds: readonly CallId[],
  ): Promise<void> {
    const tenant = tenantColumn(tenantId);
    const gone = await transaction.$queryRaw<
      { call_id: string }[]
    >`SELECT call_id FROM unnest(${callIds}::text[]) AS asked(call_id)
      WHERE NOT EXISTS (SELECT FROM events e WHERE e.call_id = asked.call_id AND coalesce(e.tenant_id, '') = ${tenant})`;
    const ids = gone.map(({ call_id }) => call_id);
    await transaction.$executeRaw`DELETE FROM call_parts WHERE tenant_id = ${tenant} AND call_id = ANY (${ids})`;
    await transaction.$executeRaw`DELETE FROM calls WHERE tenant_id = ${tenant} AND call_id = ANY (${ids})`;
  }

  /**
   * Removes a batch of what there is of a tenant's calls, after its events are gone: their parts first. Within a transaction that holds
   * the {@link lock}, so that no batch of the projection is under way that has read them before. Answers with the last call; null:
   * nothing was left after that one.
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
    return row?.last ?? null;
  }

  /** Some of what was said in a call that is being erased, within a transaction that holds the {@link lock}; false: there is none. */
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
  }

  private async readParts(run: Run, text: string, values: unknown[][]) {
    if (values[0]?.length === 0) return [];
    return (await run<{ tenant_id: string; call_id: string; state: string }>(text, values)).rows;
  }
}

function nameOf(tenant: string, callId: string): string {
  return `${tenant} ${callId}`;
}

/** Where a rebuild stands, as one text: ids of calls and tenants have no white space. */
function rebuildMark({ tenantId, callId }: CallName): string {
  return `${callId} ${tenantColumn(tenantId)}`;
}

/** The call that a rebuild has done last; before the first one, a name that is less than any. */
export function rebuiltUntil(mark: string): { tenantId: string | null; callId: string } {
  const [callId = '', tenantId = ''] = mark.split(' ');
  return { callId, tenantId: tenantId === '' ? null : tenantId };
}

function namesOf(calls: readonly Pick<TouchedCall, 'name'>[]): unknown[][] {
  return [calls.map(({ name }) => tenantColumn(name.tenantId)), calls.map(({ name }) => name.callId)];
}

/** Rows of values as one array a column. */
function columnsOf(rows: readonly unknown[][]): unknown[][] {
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column]));
}
