/** Reads calls: one tenant's, or across tenants where the name says so. An answer and its cursor are one snapshot. */
import { Injectable } from '@nestjs/common';
import type { Patience } from '../common/fair-slots.js';
import type { CallId, TenantId } from '../common/ids.js';
import { type Run, SNAPSHOT } from '../database/pg-pool.js';
import { ReadPool } from '../database/pools.js';
import { tenantCursorAt } from '../events/log/log-fragments.js';
import { looksBeyondDates } from './call-narrowing.js';
import {
  type CallCursor,
  type CallFilter,
  type ListPage,
  type PartCursor,
  type PlatformCallFilter,
  type Statement,
  linesQuery,
  listQuery,
  listQueryAcrossTenants,
  partsQuery,
} from './call-query.js';
import { headIn, partIn, partsIn, tenantColumn, tenantIn } from './projection/call-row.js';
import type { CallHead, CallState } from './fold/call-state.js';
import type { MessageState } from './fold/message-state.js';
import type { SearchQuery } from './search/search-query.js';
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
  readonly line: FoundLine | null;
}

export interface Listed {
  readonly calls: readonly ListedCall[];
  /** The last call of the page, where there are more. */
  readonly last: CallCursor | null;
  /** The number up to which this is complete: of the tenant's log, or of the platform's. */
  readonly cursor: number;
}

export interface ReadCall {
  readonly tenantId: TenantId | null;
  /** With the parts of one page. */
  readonly state: CallState;
  /** Before which part the page before this one ends; null: there is none. */
  readonly earlier: PartCursor | null;
  readonly quarantined: boolean;
  readonly cursor: number;
}

interface CallRow {
  tenant_id: string;
  call_id: CallId;
  /** Null in a list that has as many bytes as it may. */
  head: string | null;
  started_at: Date;
}

interface LineRow {
  tenant_id: string;
  call_id: CallId;
  text: string | null;
  state: string | null;
}

interface PartRow {
  key: string;
  seq: number;
  state: string | null;
}

/** Of one id, calls that are looked through for the one that is meant. */
const MAX_OWNERS = 1000;

const POSITION = `SELECT position AS cursor FROM projections WHERE name = 'calls'`;
/** The tenant's last number that the projection has read. */
const SEQ = `SELECT ${tenantCursorAt('$1', 'p.position')} AS cursor FROM projections p WHERE p.name = 'calls'`;
const ONE = `SELECT c.*, EXISTS (SELECT FROM quarantined_calls q
  WHERE q.tenant_id = c.tenant_id AND q.call_id = c.call_id) AS quarantined FROM calls c
  WHERE c.tenant_id = $1 AND c.call_id = $2`;

@Injectable()
export class CallReader {
  constructor(private readonly pool: ReadPool) {}

  /** At most so many calls, newest first; fewer where they are large. */
  list(tenantId: TenantId, filter: CallFilter, page: ListPage, patience: Patience): Promise<Listed> {
    return this.ask(tenantId, looksFar(filter), patience, async (run) => {
      const read = await seqOf(run, tenantId);
      const query = listQuery(tenantId, filter, { ...page, limit: page.limit + 1 });
      return { cursor: read, ...(await listed(run, query, filter, page.limit)) };
    });
  }

  listAcrossTenants(filter: PlatformCallFilter, page: ListPage, patience: Patience): Promise<Listed> {
    return this.ask(null, looksFar(filter), patience, async (run) => {
      const read = await positionOf(run);
      const query = listQueryAcrossTenants(filter, { ...page, limit: page.limit + 1 });
      return { cursor: read, ...(await listed(run, query, filter, page.limit)) };
    });
  }

  /** With the newest of its parts, or those before one; undefined for a call that is not this tenant's. */
  read(
    tenantId: TenantId,
    callId: CallId,
    before: PartCursor | null,
    patience: Patience,
  ): Promise<ReadCall | undefined> {
    return this.ask(tenantId, false, patience, async (run) => {
      const cursor = await seqOf(run, tenantId);
      const { rows } = await run<WholeRow>(ONE, [tenantId, callId]);
      return pageOf(run, rows[0], before, cursor);
    });
  }

  /** Throws `call-not-found`, and `validation` when several tenants have a call of that id. */
  readAcrossTenants(
    callId: CallId,
    whose: Whose,
    before: PartCursor | null,
    patience: Patience,
  ): Promise<ReadCall | undefined> {
    return this.ask(null, false, patience, async (run) => {
      const cursor = await positionOf(run);
      const owners = 'SELECT tenant_id FROM calls WHERE call_id = $1 ORDER BY tenant_id LIMIT $2';
      const known = await run<{ tenant_id: string }>(owners, [callId, MAX_OWNERS]);
      const owner = ownerAmong(
        known.rows.map(({ tenant_id }) => tenantIn(tenant_id)),
        whose,
      );
      const { rows } = await run<WholeRow>(ONE, [tenantColumn(owner), callId]);
      return pageOf(run, rows[0], before, cursor);
    });
  }

  /** In the tenant's turn; null: the operator's. */
  private ask<Value>(
    tenantId: TenantId | null,
    isLong: boolean,
    patience: Patience,
    work: (run: Run) => Promise<Value>,
  ): Promise<Value> {
    const read = () => this.pool.transaction(work, SNAPSHOT);
    return isLong ? this.pool.askMuch(tenantId, read, patience) : this.pool.ask(tenantId, read, patience);
  }
}

interface WholeRow extends CallRow {
  head: string;
  quarantined: boolean;
}

async function pageOf(
  run: Run,
  row: WholeRow | undefined,
  before: PartCursor | null,
  cursor: number,
): Promise<ReadCall | undefined> {
  const head = row && headIn(row.head);
  if (row === undefined || head === undefined) return undefined;
  const { text, values } = partsQuery(row.tenant_id, row.call_id, before);
  const { rows } = await run<PartRow>(text, values);
  const texts = untilNull(rows.map(({ state }) => state));
  const oldest = texts.length < rows.length ? rows[texts.length - 1] : undefined;
  return {
    tenantId: tenantIn(row.tenant_id),
    state: { ...head, parts: partsIn(texts) },
    earlier: oldest === undefined ? null : { seq: oldest.seq, key: oldest.key },
    ...{ quarantined: row.quarantined, cursor },
  };
}

/** What has to be looked for may be far from the newest. */
function looksFar({ agents, search, narrowing }: CallFilter): boolean {
  return agents !== null || search !== null || looksBeyondDates(narrowing);
}

async function listed(run: Run, { text, values }: Statement, { search }: CallFilter, limit: number) {
  const { rows } = await run<CallRow>(text, values);
  const heads = untilNull(rows.slice(0, limit).map(({ head }) => head));
  const lines = await linesOf(run, rows.slice(0, heads.length), search);
  const page = rows.slice(0, lines.callsCovered);
  const last = page.length < rows.length ? page.at(-1) : undefined;
  const calls = page.flatMap((row, index): ListedCall[] => {
    const head = headIn(heads[index] ?? '');
    const line = lines.byCall.get(`${row.tenant_id} ${row.call_id}`) ?? null;
    return head === undefined ? [] : [{ tenantId: tenantIn(row.tenant_id), head, line }];
  });
  return { calls, last: last === undefined ? null : cursorAt(last) };
}

function cursorAt({ started_at, call_id, tenant_id }: CallRow): CallCursor {
  return { startedAt: started_at, callId: call_id, tenantColumn: tenant_id };
}

/** The lines that were found, and how many of the calls they are enough for. */
async function linesOf(run: Run, calls: readonly CallRow[], search: SearchQuery | null) {
  const byCall = new Map<string, FoundLine>();
  if (search === null || search.words === null || calls.length === 0) return { byCall, callsCovered: calls.length };
  const { text, values } = linesQuery(calls, search.words);
  const { rows } = await run<LineRow>(text, values);
  for (const { tenant_id, call_id, text: line, state } of rows) {
    if (line === null || state === null)
      return {
        byCall,
        callsCovered: calls.findIndex((call) => call.call_id === call_id && call.tenant_id === tenant_id),
      };
    const message = partIn(state);
    if (message?.kind === 'message') byCall.set(`${tenant_id} ${call_id}`, { text: line, message });
  }
  return { byCall, callsCovered: calls.length };
}

function untilNull<Value>(values: readonly (Value | null)[]): Value[] {
  const end = values.indexOf(null);
  return (end === -1 ? values : values.slice(0, end)) as Value[];
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
