/**
 * The SQL that reads calls, pure. Functions that read one tenant's calls take the tenant first; others say in their
 * name that they cross tenants.
 */
import type { AgentName, CallId, TenantId } from '../../common/ids.js';
import { MAX_PAGE_BYTES } from '../../common/page.js';
import { type Narrowing, addNarrowing } from './call-narrowing.js';
import type { Sort } from './sorts.js';
import type { SearchQuery } from '../search/search-query.js';

/** What a list of calls is asked for. */
export interface CallFilter {
  readonly state: 'live' | 'ended' | null;
  readonly agents: readonly AgentName[] | null;
  readonly search: SearchQuery | null;
  readonly narrowing: Narrowing;
  readonly sort: Sort;
}

/** What an admin asked for. */
export interface PlatformCallFilter extends CallFilter {
  /** Null: all tenants. */
  readonly tenants: readonly TenantId[] | null;
  /** True: calls that nobody owns. With `tenants`, they come in addition; alone, only these calls. */
  readonly unassigned: boolean;
}

/** Where a page begins: behind this call, newest first. */
export interface CallCursor {
  /** The value that the list is sorted by, if that is not the time. */
  readonly value?: number | undefined;
  readonly startedAt: Date;
  readonly callId: string;
  /** The owner. Calls of two tenants may have the same id and begin at the same moment. Empty: nobody's. */
  readonly tenantColumn: string;
}

/** The part of a list that is asked for. */
export interface ListPage {
  readonly lifetime: Lifetime;
  readonly cursor: CallCursor | null;
  readonly limit: number;
}

/** Where an earlier page of a call ends: before this part. */
export interface PartCursor {
  readonly seq: number;
  /** The column `key`. */
  readonly key: string;
}

/** Entries of a transcript in one answer, and the tools between them (docs/calls.md). */
const MAX_ENTRIES = 500;
const MAX_TOOLS = 500;

/** A call whose last event lies between these counts as alive. */
export interface Lifetime {
  readonly since: Date;
  readonly until: Date;
}

export function lifetimeAt(now: number, maxSilenceMs: number): Lifetime {
  return { since: new Date(now - maxSilenceMs), until: new Date(now + maxSilenceMs) };
}

export interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

/**
 * One order for all lists. In one tenant's list the last column makes no difference; the index that serves the list
 * fits too.
 */
export const NEWEST = 'started_at DESC, call_id DESC, tenant_id DESC';

/** Collects conditions and the values that they name. */
export class Conditions {
  readonly values: unknown[] = [];
  private readonly conditions: string[] = [];

  /** The placeholder of a value. */
  value(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  add(condition: string): void {
    this.conditions.push(condition);
  }

  get text(): string {
    return this.conditions.length === 0 ? 'true' : this.conditions.join('\n  AND ');
  }
}

/** Limits a query to the calls of an owner: adds its conditions on `c`, a row of `calls`. */
export type Scope = (where: Conditions) => void;

export function scopeOf(tenantId: TenantId): Scope {
  return (where) => where.add(`c.tenant_id = ${where.value(tenantId)}`);
}

export function scopeAcrossTenants({ tenants, unassigned }: Pick<PlatformCallFilter, 'tenants' | 'unassigned'>): Scope {
  const owners = [...(tenants ?? []), ...(unassigned ? [''] : [])];
  return (where) => {
    if (owners.length > 0) where.add(`c.tenant_id = ANY (${where.value(owners)})`);
  };
}

export function listQuery(tenantId: TenantId, filter: CallFilter, page: ListPage): Statement {
  const where = new Conditions();
  scopeOf(tenantId)(where);
  return listing(where, newestOf(where, filter, page));
}

export function listQueryAcrossTenants(filter: PlatformCallFilter, page: ListPage): Statement {
  const where = new Conditions();
  scopeAcrossTenants(filter)(where);
  return listing(where, newestOf(where, filter, page));
}

/** These calls, in the form of a list. */
export function listOf(calls: readonly { tenant_id: string; call_id: string }[]): Statement {
  const where = new Conditions();
  const names = [calls.map(({ tenant_id }) => tenant_id), calls.map(({ call_id }) => call_id)];
  const [tenants, ids] = names.map((column) => where.value(column));
  return listing(
    where,
    `SELECT c.* FROM unnest(${tenants}::text[], ${ids}::text[]) AS named(tenant_id, call_id)
     JOIN calls c USING (tenant_id, call_id)`,
  );
}

/**
 * The newest calls that a filter lets through, apart from words. They are found by an index in this order, whatever the
 * planner estimates. For several agents, or states, the newest of each are merged.
 */
export function newestOf(where: Conditions, filter: CallFilter, page: ListPage): string {
  conditionsOf(where, filter, page);
  const limit = where.value(page.limit);
  const newest = (condition: string) =>
    `SELECT * FROM calls c WHERE ${condition}${where.text} ORDER BY ${NEWEST} LIMIT ${limit}`;
  const { agents, state } = filter;
  if (agents === null && state !== 'live') return newest('');
  const [each, column] =
    agents === null
      ? [`unnest(ARRAY['ringing', 'live'])`, 'state']
      : [`unnest(${where.value([...new Set(agents)])}::text[])`, 'agent'];
  return `SELECT c.* FROM ${each} AS asked(one) CROSS JOIN LATERAL (${newest(`c.${column} = asked.one AND `)}) c
    ORDER BY ${NEWEST} LIMIT ${limit}`;
}

/** The same conditions, for queries that find calls in another way. */
export function narrow(where: Conditions, filter: CallFilter, page: Omit<ListPage, 'limit'>): void {
  if (filter.agents !== null) where.add(`c.agent = ANY (${where.value(filter.agents)})`);
  conditionsOf(where, filter, page);
}

function conditionsOf(
  where: Conditions,
  { state, narrowing }: CallFilter,
  { lifetime, cursor }: Omit<ListPage, 'limit'>,
): void {
  const { since, until } = lifetime;
  addNarrowing(where, narrowing, lifetime);
  if (state !== null) {
    const heard = `c.last_at BETWEEN ${where.value(since)} AND ${where.value(until)}`;
    where.add(
      state === 'live' ? `(c.state IN ('ringing', 'live') AND ${heard})` : `(c.state = 'ended' OR NOT ${heard})`,
    );
  }
  if (cursor !== null) {
    const key = [cursor.startedAt, cursor.callId, cursor.tenantColumn].map((value) => where.value(value));
    where.add(`(c.started_at, c.call_id, c.tenant_id) < (${key.join(', ')})`);
  }
}

function listing(where: Conditions, calls: string): Statement {
  const text = `SELECT tenant_id, call_id, started_at,
    CASE WHEN sum(octet_length(head)) OVER newest <= ${where.value(MAX_PAGE_BYTES)} OR row_number() OVER newest = 1 THEN head END AS head
  FROM (${calls}) listed
  WINDOW newest AS (ORDER BY ${NEWEST} ROWS UNBOUNDED PRECEDING) ORDER BY ${NEWEST}`;
  return { text, values: where.values };
}

/** The first matching line of each of these calls, in their order. A row without `text` is one line too many. */
export function linesQuery(calls: readonly { tenant_id: string; call_id: string }[], words: string): Statement {
  const text = `SELECT tenant_id, call_id, CASE WHEN fits THEN text END AS text, CASE WHEN fits THEN state END AS state
  FROM (SELECT *, sum(octet_length(text) + octet_length(state)) OVER listed <= $4 OR row_number() OVER listed = 1 AS fits
        FROM (SELECT DISTINCT ON (k.place) k.place, p.tenant_id, p.call_id, p.text, p.state
              FROM call_parts p JOIN unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(tenant_id, call_id, place)
                USING (tenant_id, call_id)
              WHERE p.words @@ $3::tsquery ORDER BY k.place, p.seq) found
        WINDOW listed AS (ORDER BY place ROWS UNBOUNDED PRECEDING)) sized ORDER BY place`;
  const names = [calls.map(({ tenant_id }) => tenant_id), calls.map(({ call_id }) => call_id)];
  return { text, values: [...names, words, MAX_PAGE_BYTES] };
}

/**
 * A page of a call's messages and tools, newest first, from before a place in it. The numbers of each and the bytes are
 * bounded; it has at least one part. A row without `state` says only that there is more.
 */
export function partsQuery(tenantColumn: string, callId: CallId, before: PartCursor | null): Statement {
  const place = before === null ? '' : 'AND seq <= $6::int8 AND (seq < $6::int8 OR key < $7)';
  const text = `SELECT key, seq, CASE WHEN (messages <= $3::int AND tools <= $4::int AND bytes <= $5::int) OR number = 1 THEN state END AS state
  FROM (SELECT *, count(*) FILTER (WHERE kind = 'message') OVER newest AS messages,
          count(*) FILTER (WHERE kind = 'tool') OVER newest AS tools,
          sum(octet_length(state)) OVER newest AS bytes, row_number() OVER newest AS number
        FROM (SELECT key, seq, kind, state FROM call_parts
              WHERE tenant_id = $1 AND call_id = $2 AND seq IS NOT NULL ${place}
              ORDER BY seq DESC, key DESC LIMIT $3::int + $4::int + 1) parts
        WINDOW newest AS (ORDER BY seq DESC, key DESC ROWS UNBOUNDED PRECEDING)) counted
  ORDER BY seq DESC, key DESC`;
  const values = [tenantColumn, callId, MAX_ENTRIES, MAX_TOOLS, MAX_PAGE_BYTES];
  return { text, values: before === null ? values : [...values, before.seq, before.key] };
}
