/** Reads calls: one tenant's, or across tenants where the name says so. An answer and its cursor are one snapshot. */
import { Injectable } from '@nestjs/common';
import type { CallId, TenantId } from '../common/ids.js';
import { MAX_PAGE_BYTES } from '../common/page.js';
import { type Run, SNAPSHOT } from '../database/pg-pool.js';
import { ReadPool } from '../database/pools.js';
import { headIn, partsIn } from './call-row.js';
import type { CallHead, CallState } from './call-state.js';
import {
  type CallCursor,
  type CallFilter,
  type Lifetime,
  type PlatformCallFilter,
  type Statement,
  listQuery,
  listQueryAcrossTenants,
} from './call-query.js';
import type { MessageState } from './message-state.js';
import type { SearchQuery } from './search-query.js';
import { type Whose, ownerAmong } from './whose.js';

/** The line of a call that a search found first. */
export interface FoundLine {
  /** What it says in the end. */
  readonly text: string;
  readonly message: MessageState;
}

export interface ListedCall {
  /** Null: nobody's. */
  readonly tenantId: TenantId | null;
  readonly head: CallHead;
  readonly startedAt: Date;
  readonly line: FoundLine | null;
}

export interface Listed {
  readonly calls: readonly ListedCall[];
  /** True when there were more, and the page is full: of bytes. */
  readonly isCut: boolean;
  /** The number up to which this is complete: of the tenant's log, or of the platform's. */
  readonly cursor: number;
}

export interface ReadCall {
  readonly tenantId: TenantId | null;
  readonly state: CallState;
  readonly cursor: number;
}

interface CallRow {
  tenant_id: string;
  call_id: CallId;
  head: string;
  started_at: Date;
}

interface LineRow {
  tenant_id: string;
  call_id: CallId;
  /** The call's place in the list, from 1. */
  ord: number;
  text: string | null;
  state: string | null;
}

/** Of one id, calls that are looked through for the one that is meant. */
const MAX_OWNERS = 1000;

const POSITION = `SELECT position AS cursor FROM projections WHERE name = 'calls'`;
/**
 * The tenant's last number that the projection has read; where its log was emptied, the number up to which it was; where the
 * log was resumed after a restore, and the projection has got there, no less than that.
 */
const SEQ = `SELECT greatest(CASE WHEN p.position >= l.resumed_after THEN l.resumed_after END, coalesce(
  (SELECT e.seq FROM events e WHERE e.tenant_id = $1 AND e.position <= p.position ORDER BY e.seq DESC LIMIT 1),
  (SELECT t.expired_until FROM tenant_heads t WHERE t.tenant_id = $1), 0)) AS cursor
  FROM projections p, log_lineage l WHERE p.name = 'calls' AND l.id = 1`;
/** The first line of each call that says it; null from where they are too long for one page. */
const LINES = `SELECT tenant_id, call_id, ord, CASE WHEN before < $4 THEN text END AS text,
    CASE WHEN before < $4 THEN state END AS state
  FROM (SELECT l.*, coalesce(sum(octet_length(text) + octet_length(state))
      OVER (ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM (SELECT DISTINCT ON (k.ord) p.tenant_id, p.call_id, k.ord, p.text, p.state FROM call_parts p
      JOIN unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(tenant_id, call_id, ord) USING (tenant_id, call_id)
      WHERE p.words @@ $3::tsquery ORDER BY k.ord, p.seq) l) sized`;

@Injectable()
export class CallReader {
  constructor(private readonly pool: ReadPool) {}

  /** One call more than `limit` says that there are more. */
  list(
    tenantId: TenantId,
    filter: CallFilter,
    lifetime: Lifetime,
    cursor: CallCursor | null,
    limit: number,
  ): Promise<Listed> {
    return this.ask(tenantId, looksFar(filter), async (run) => {
      const read = await seqOf(run, tenantId);
      return { cursor: read, ...(await listed(run, listQuery(tenantId, filter, lifetime, cursor, limit), filter)) };
    });
  }

  listAcrossTenants(
    filter: PlatformCallFilter,
    lifetime: Lifetime,
    cursor: CallCursor | null,
    limit: number,
  ): Promise<Listed> {
    return this.ask(null, looksFar(filter), async (run) => {
      const read = await positionOf(run);
      const statement = listQueryAcrossTenants(filter, lifetime, cursor, limit);
      return { cursor: read, ...(await listed(run, statement, filter)) };
    });
  }

  /** Undefined for one that is not this tenant's. */
  read(tenantId: TenantId, callId: CallId): Promise<ReadCall | undefined> {
    return this.ask(tenantId, false, async (run) => {
      const cursor = await seqOf(run, tenantId);
      const heads = await run<CallRow>('SELECT * FROM calls WHERE tenant_id = $1 AND call_id = $2', [tenantId, callId]);
      return whole(run, heads.rows[0], cursor);
    });
  }

  /** Throws `call-not-found`, and `validation` when several tenants have a call of that id. */
  readAcrossTenants(callId: CallId, whose: Whose): Promise<ReadCall | undefined> {
    return this.ask(null, false, async (run) => {
      const cursor = await positionOf(run);
      const heads = await run<CallRow>('SELECT * FROM calls WHERE call_id = $1 ORDER BY tenant_id LIMIT $2', [
        callId,
        MAX_OWNERS,
      ]);
      const owner = ownerAmong(heads.rows.map(ownerIn), whose);
      return whole(run, heads.rows.find((row) => ownerIn(row) === owner), cursor); // prettier-ignore
    });
  }

  /** In the tenant's turn; null: the operator's. */
  private ask<Value>(tenantId: TenantId | null, isLong: boolean, work: (run: Run) => Promise<Value>): Promise<Value> {
    const read = () => this.pool.transaction(work, SNAPSHOT);
    return isLong ? this.pool.askMuch(tenantId, read) : this.pool.ask(tenantId, read);
  }
}

async function whole(run: Run, row: CallRow | undefined, cursor: number): Promise<ReadCall | undefined> {
  if (row === undefined) return undefined;
  const { rows } = await run<{ state: string }>('SELECT state FROM call_parts WHERE tenant_id = $1 AND call_id = $2', [
    ...[row.tenant_id, row.call_id],
  ]);
  const state = { ...headIn(row.head), parts: partsIn(rows.map((part) => part.state)) };
  return { tenantId: ownerIn(row), state, cursor };
}

/** What has to be looked for may be far from the newest. */
function looksFar({ agents, search }: CallFilter): boolean {
  return agents !== null || search !== null;
}

async function listed(
  run: Run,
  { text, values }: Statement,
  { search }: CallFilter,
): Promise<Pick<Listed, 'calls' | 'isCut'>> {
  const { rows } = await run<CallRow & { found: number }>(text, values);
  const { lines, until } = await linesOf(run, rows, search);
  const calls = rows.slice(0, until).map((row) => ({
    ...{ tenantId: ownerIn(row), head: headIn(row.head), startedAt: row.started_at },
    line: lines.get(`${row.tenant_id} ${row.call_id}`) ?? null,
  }));
  return { calls, isCut: calls.length < (rows[0]?.found ?? 0) };
}

/** `until`: so many of the calls have lines that fit a page. */
async function linesOf(run: Run, calls: readonly CallRow[], search: SearchQuery | null) {
  const lines = new Map<string, FoundLine>();
  let until = calls.length;
  if (search === null || search.words === null || calls.length === 0) return { lines, until };
  const names = [calls.map(({ tenant_id }) => tenant_id), calls.map(({ call_id }) => call_id)];
  const { rows } = await run<LineRow>(LINES, [...names, search.words, MAX_PAGE_BYTES]);
  for (const { tenant_id, call_id, ord, text, state } of rows) {
    if (text === null || state === null) until = Math.min(until, ord - 1);
    else lines.set(`${tenant_id} ${call_id}`, { text, message: JSON.parse(state) as MessageState });
  }
  return { lines, until };
}

function ownerIn({ tenant_id: tenant }: CallRow): TenantId | null {
  return tenant === '' ? null : (tenant as TenantId);
}

async function seqOf(run: Run, tenantId: TenantId): Promise<number> {
  return cursorIn(await run<{ cursor: number }>(SEQ, [tenantId]));
}

async function positionOf(run: Run): Promise<number> {
  return cursorIn(await run<{ cursor: number }>(POSITION));
}

function cursorIn({ rows }: { rows: { cursor: number }[] }): number {
  return rows[0]?.cursor ?? 0;
}
