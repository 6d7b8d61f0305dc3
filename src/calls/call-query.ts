/** The SQL of reading calls, pure. Whoever reads one tenant's names it first; what crosses tenants says so. */
import type { AgentName, TenantId } from '../common/ids.js';
import { MAX_PAGE_BYTES } from '../common/page.js';
import type { SearchQuery } from './search-query.js';

/** What was asked of a list of calls. */
export interface CallFilter {
  readonly state: 'live' | 'ended' | null;
  readonly agents: readonly AgentName[] | null;
  readonly search: SearchQuery | null;
}

/** What an admin asked for. */
export interface PlatformCallFilter extends CallFilter {
  /** Null: everybody's. */
  readonly tenants: readonly TenantId[] | null;
  /** Calls that nobody owns: with `tenants`, theirs besides; alone, only these. */
  readonly unassigned: boolean;
}

/** Where a page begins: behind this call, newest first. */
export interface CallCursor {
  readonly startedAt: Date;
  readonly callId: string;
}

/** Between these, a call's last event keeps it alive. */
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

export function listQuery(
  tenantId: TenantId,
  filter: CallFilter,
  lifetime: Lifetime,
  cursor: CallCursor | null,
  limit: number,
): Statement {
  const where = new Conditions();
  const tenant = where.value(tenantId);
  where.add(`c.tenant_id = ${tenant}`);
  return listing(where, filter, lifetime, cursor, limit, `tenant_id = ${tenant} AND `);
}

export function listQueryAcrossTenants(
  { tenants, unassigned, ...filter }: PlatformCallFilter,
  lifetime: Lifetime,
  cursor: CallCursor | null,
  limit: number,
): Statement {
  const where = new Conditions();
  const owners = [...(tenants ?? []), ...(unassigned ? [''] : [])];
  if (owners.length > 0) where.add(`c.tenant_id = ANY (${where.value(owners)})`);
  return listing(where, filter, lifetime, cursor, limit, '');
}

function listing(
  where: Conditions,
  { state, agents, search }: CallFilter,
  { since, until }: Lifetime,
  cursor: CallCursor | null,
  limit: number,
  ofTenant: string,
): Statement {
  if (agents !== null) where.add(`c.agent = ANY (${where.value(agents)})`);
  if (state !== null) {
    const heard = `c.last_at BETWEEN ${where.value(since)} AND ${where.value(until)}`;
    where.add(
      state === 'live' ? `(c.state IN ('ringing', 'live') AND ${heard})` : `(c.state = 'ended' OR NOT ${heard})`,
    );
  }
  if (cursor !== null)
    where.add(`(c.started_at, c.call_id) < (${where.value(cursor.startedAt)}, ${where.value(cursor.callId)})`);
  if (search !== null) where.add(found(where, search, ofTenant));
  const page = `SELECT c.tenant_id, c.call_id, c.head, c.started_at FROM calls c WHERE ${where.text}
  ORDER BY c.started_at DESC, c.call_id DESC LIMIT ${where.value(limit)}`;
  return { text: withinBytes(page, where.value(MAX_PAGE_BYTES)), values: where.values };
}

/** The first calls of a list, as many as fit into so many bytes, at least one; `found` of all of them. */
function withinBytes(list: string, bytes: string): string {
  return `SELECT * FROM (SELECT l.*, (count(*) OVER ())::int AS found, coalesce(sum(octet_length(l.head)) OVER (
      ORDER BY l.started_at DESC, l.call_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM (${list}) l) sized WHERE before < ${bytes} ORDER BY started_at DESC, call_id DESC`;
}

/** Calls of which a line says it, or whose caller it names. */
function found(where: Conditions, { words, number }: SearchQuery, ofTenant: string): string {
  const ways: string[] = [];
  if (words !== null) {
    const query = `${where.value(words)}::tsquery`;
    ways.push(`SELECT tenant_id, call_id FROM call_parts WHERE ${ofTenant}words @@ ${query}`);
    ways.push(`SELECT tenant_id, call_id FROM calls WHERE ${ofTenant}words @@ ${query}`);
  }
  if (number !== null)
    ways.push(`SELECT tenant_id, call_id FROM calls WHERE ${ofTenant}words @@ ${where.value(number)}::tsquery`);
  return ways.length === 0 ? 'false' : `(c.tenant_id, c.call_id) IN (${ways.join(' UNION ')})`;
}
