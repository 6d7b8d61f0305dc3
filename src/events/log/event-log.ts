/**
 * The event log and the statements that touch it. PostgreSQL keeps two numberings, both without holes and in commit
 * order: `position` over the platform, `seq` within a tenant. Reads filter by the tenant that is stamped on the row,
 * never by the agent's owner today (security rule 2). Whose an event is, and that one of an erased call is refused, is
 * decided under the append lock, by the SQL function `append_events` (prisma/schema.sql).
 */
import { Injectable } from '@nestjs/common';
import { Collected } from '../../common/collected.js';
import type { AgentName, CallId, TenantId } from '../../common/ids.js';
import { PgPool, type Run } from '../../database/pg-pool.js';
import { AppendPool } from '../../database/pools.js';
import type { AdmittedEvent, CallName, LoggedEvent } from './event.js';

/** What became of an event that was appended, in the order of the input. */
export interface Appended {
  /** `erased`: the event's call was erased, so it is not stored. */
  readonly outcome: 'stored' | 'duplicate' | 'ephemeral' | 'refused' | 'erased';
  readonly tenantId: TenantId | null;
  readonly position: number | null;
  readonly seq: number | null;
}

/** Where a tenant's log begins and ends: seqs in (`expiredUntil`, `seq`] can be read. */
export interface TenantHead {
  readonly seq: number;
  readonly expiredUntil: number;
  /** Different for every log that a tenant of this name ever had; empty while there is no event. */
  readonly incarnation: string;
  /** Numbers up to this one may have been given to other events before a restore. A reader that passes it is told. */
  readonly resumedAfter: number;
}

interface AppendRow {
  outcome: Appended['outcome'];
  tenant_id: TenantId | null;
  position: number | null;
  seq: number | null;
}

/** A call with the amount of data that the log has of it. */
export interface CallSize extends CallName {
  readonly events: number;
  readonly bytes: number;
}

type TenantHeadRow = TenantHead & { readonly tenantId: TenantId };

/** Bytes of events' data in one read; bounds memory. */
const MAX_READ_BYTES = 1024 * 1024;

const APPEND =
  'SELECT * FROM append_events($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text, $8::timestamptz[])';
const APPEND_IF_STILL = `SELECT * FROM append_events_if_still($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[],
  $7::text, $8::timestamptz[], $9::bigint[])`;
const STORED_KEYS = 'SELECT key FROM stored_keys($1::text[]) AS key';
const COLUMNS = 'position, tenant_id, seq, call_id, agent, type, at, data';
const READ_ALL = `SELECT ${COLUMNS} FROM log_page($1, ${Number.MAX_SAFE_INTEGER}, $2, $3, NULL, false, NULL, NULL)`;
const READ_CALLS = `SELECT e.position, e.tenant_id, e.seq, e.call_id, e.agent, e.type, e.at, e.data
  FROM unnest($1::text[], $2::text[]) AS c(call_id, tenant_id) JOIN events e
    ON e.call_id = c.call_id AND e.tenant_id IS NOT DISTINCT FROM nullif(c.tenant_id, '')
  WHERE e.position <= $3 ORDER BY e.position`;
const READ_TENANT = `SELECT ${COLUMNS} FROM tenant_log_page($1, $2, ${Number.MAX_SAFE_INTEGER}, $3, $4, NULL, NULL)`;
/** Reads a piece of one call: as many of the first events as fit into the bytes, at least one. */
const READ_CALL = `SELECT ${COLUMNS} FROM (
  SELECT *, sum(octet_length(data)) OVER in_order AS bytes, row_number() OVER in_order AS number FROM (
    SELECT ${COLUMNS} FROM events WHERE call_id = $1 AND tenant_id IS NOT DISTINCT FROM $2 AND position > $3 AND position <= $4
    ORDER BY position LIMIT $5) e
  WINDOW in_order AS (ORDER BY position ROWS UNBOUNDED PRECEDING)) sized
  WHERE bytes <= $6 OR number = 1 ORDER BY position`;
const HEADS = `SELECT a.tenant_id AS "tenantId", coalesce(t.seq, l.resumed_after) AS seq,
    coalesce(t.expired_until, 0) AS "expiredUntil", coalesce(t.incarnation::text, '') AS incarnation,
    l.resumed_after AS "resumedAfter"
  FROM unnest($1::text[]) AS a(tenant_id) CROSS JOIN log_lineage l LEFT JOIN tenant_heads t USING (tenant_id)`;
const CALL_SIZES = `SELECT c.call_id AS "callId", nullif(c.tenant_id, '') AS "tenantId", size.events, size.bytes
  FROM (SELECT DISTINCT call_id, tenant_id FROM call_tenants WHERE (call_id, tenant_id) > ($1, $2)
    ORDER BY call_id, tenant_id LIMIT $3) c
  CROSS JOIN LATERAL (
    SELECT count(*) AS events, coalesce(sum(octet_length(data)), 0)::bigint AS bytes FROM (
      SELECT data FROM events e WHERE e.call_id = c.call_id AND e.tenant_id IS NOT DISTINCT FROM nullif(c.tenant_id, '')
      LIMIT $4::int + 1) counted) size
  ORDER BY c.call_id, c.tenant_id`;

@Injectable()
export class EventLog {
  constructor(
    private readonly pool: PgPool,
    private readonly appends: AppendPool,
  ) {}

  /**
   * Numbers and commits a batch, in order; repeats are dropped by key. With `onlyTenant`, events that are not that
   * tenant's are refused. Resolves after the commit, with one outcome for each event.
   */
  async append(events: readonly AdmittedEvent[], onlyTenant: TenantId | null): Promise<Appended[]> {
    const stored = await this.storedKeys(events.flatMap(({ formerKey }) => formerKey ?? []));
    const values = [
      events.map((event) => event.agent),
      events.map((event) => event.callId),
      events.map((event) => event.type),
      events.map((event) => event.at),
      events.map(({ key, formerKey }) => (formerKey !== undefined && stored.has(formerKey) ? formerKey : key)),
      events.map((event) => (event.ephemeral ? null : event.data)),
      onlyTenant,
      events.map((event) => (event.isTimed ? event.at : null)),
    ];
    const { rows } = events.some(({ unlessAfter }) => unlessAfter !== undefined)
      ? await this.appends.query<AppendRow>(APPEND_IF_STILL, [
          ...values,
          events.map((event) => event.unlessAfter ?? null),
        ])
      : await this.appends.prepared<AppendRow>('append', APPEND, values);
    return rows.map((row) => ({
      outcome: row.outcome,
      tenantId: row.tenant_id,
      position: row.position,
      seq: row.seq,
    }));
  }

  private async storedKeys(keys: readonly string[]): Promise<ReadonlySet<string>> {
    if (keys.length === 0) return new Set();
    const { rows } = await this.appends.prepared<{ key: string }>('stored-keys', STORED_KEYS, [keys]);
    return new Set(rows.map(({ key }) => key));
  }

  /**
   * Events of all tenants and of nobody after a position, in order, for the work of the process itself. Returns at most
   * `limit` events, fewer if they are large, and none only at the end of the log. Customers read through {@link
   * LogReader}.
   */
  async readAcrossTenants(afterPosition: number, limit: number): Promise<LoggedEvent[]> {
    const values = [afterPosition, limit, MAX_READ_BYTES];
    const { rows } = await this.pool.prepared<EventRow>('read-all', READ_ALL, values);
    return rows.map(toLoggedEvent);
  }

  /**
   * A tenant's events after one of its numbers, in order, for its durable readers (readers/), over their connection.
   * Returns at most `limit` events, fewer if they are large, and none only at the end of the tenant's log.
   */
  async readTenant(
    run: Run,
    tenantId: TenantId,
    afterSeq: number,
    limit: number,
    maxBytes: number,
  ): Promise<LoggedEvent[]> {
    const { rows } = await run<EventRow>(READ_TENANT, [tenantId, afterSeq, limit, maxBytes]);
    return rows.map(toLoggedEvent);
  }

  /** All events of some calls up to a position, in order. {@link callSizesAcrossTenants} says how much that is. */
  async readCallsAcrossTenants(calls: readonly CallName[], lastPosition: number): Promise<LoggedEvent[]> {
    const names = [calls.map(({ callId }) => callId), calls.map(({ tenantId }) => tenantId ?? '')];
    const { rows } = await this.pool.prepared<EventRow>('read-calls', READ_CALLS, [...names, lastPosition]);
    return rows.map(toLoggedEvent);
  }

  /**
   * Some events of one call, after a position and up to another, in order: at most `limit`, fewer if they are large.
   */
  async readCallAcrossTenants(
    { tenantId, callId }: CallName,
    { after, until, limit, maxBytes }: { after: number; until: number; limit: number; maxBytes: number },
  ): Promise<LoggedEvent[]> {
    const values = [callId, tenantId, after, until, limit, maxBytes];
    const { rows } = await this.pool.prepared<EventRow>('read-call', READ_CALL, values);
    return rows.map(toLoggedEvent);
  }

  /** Calls in the order of their ids, after a given one, each with its size. Counting stops at `maxEvents`. */
  async callSizesAcrossTenants(
    after: { readonly tenantId: string | null; readonly callId: string },
    limit: number,
    maxEvents: number,
  ): Promise<CallSize[]> {
    const values = [after.callId, after.tenantId ?? '', limit, maxEvents];
    const { rows } = await this.pool.query<CallSize>(CALL_SIZES, values);
    return rows;
  }

  /** The head of every tenant that was asked for, also of tenants without an event. */
  async tenantHeads(tenantIds: readonly TenantId[]): Promise<Map<TenantId, TenantHead>> {
    const { rows } = await this.pool.prepared<TenantHeadRow>('tenant-heads', HEADS, [tenantIds]);
    return new Map(rows.map(({ tenantId, ...head }) => [tenantId, head]));
  }

  /** The platform's last position. */
  async headPosition(): Promise<number> {
    const { rows } = await this.pool.query<{ position: number }>('SELECT position FROM log_head WHERE id = 1');
    return rows[0]?.position ?? 0;
  }
}

/** A row of the log as PostgreSQL gives it. */
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

/** A row together with the size of its data. */
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

/** Where tenants' logs begin and end. Every stream that opens asks for this, so many tenants are looked up at once. */
@Injectable()
export class TenantHeads {
  private readonly heads: Collected<TenantId, TenantHead>;

  constructor(log: EventLog) {
    this.heads = new Collected((tenantIds) => log.tenantHeads(tenantIds));
  }

  /** The head at a moment after this was called. */
  of(tenantId: TenantId): Promise<TenantHead> {
    return this.heads.get(tenantId);
  }
}
