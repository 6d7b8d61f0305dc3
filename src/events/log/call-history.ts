/** Whole calls of a tenant as the log has them, for live rules and for trying them out. */
import type { QueryResultRow } from 'pg';
import type { CallId, TenantId } from '../../common/ids.js';
import type { Run } from '../../database/pg-pool.js';
import { type EventRow, toLoggedEvent } from './event-log.js';
import { type LoggedEvent, RULE_FIRED } from './event.js';

/** The size of one read: events, and bytes of their data. */
const PAGE = 1000;
const PAGE_BYTES = 1024 * 1024;
/** A call that began longer ago and has not ended is no longer looked for. */
const OPEN_HOURS = 6;
const MAX_OPEN = 5000;
/** The types that end a conversation (Pinecall's types). */
const ENDINGS = ['call.ended', 'whatsapp.sessionEnded', 'call.summary'];

const OF_CALLS = `SELECT position, tenant_id, seq, call_id, agent, type, at, data, octet_length(data) AS bytes
  FROM tenant_calls_page($1, $2, $3, ${PAGE}, ${PAGE_BYTES}, NULL, NULL, $4)`;
const OPEN = `SELECT c.call_id AS "callId", extract(epoch FROM now() - e.received_at)::float8 * 1000 AS "ageMs" FROM (
    SELECT call_id, max(first_position) AS last FROM (
      SELECT call_id, first_position FROM call_tenants WHERE tenant_id = $1 AND erased_at IS NULL
        AND first_position > coalesce(log_since(NULL, now() - ${OPEN_HOURS} * interval '1 hour'), 0)
      ORDER BY first_position DESC LIMIT ${MAX_OPEN}) newest
    GROUP BY call_id) c
  CROSS JOIN LATERAL (SELECT received_at FROM events x WHERE x.call_id = c.call_id AND x.tenant_id = $1 AND x.type <> '${RULE_FIRED}'
    ORDER BY x.position DESC LIMIT 1) e
  WHERE NOT EXISTS (SELECT FROM events x WHERE x.call_id = c.call_id AND x.tenant_id = $1 AND x.type = ANY ($2))
  ORDER BY c.last, c.call_id`;
const BEGUN = `SELECT c.call_id AS "callId", c.first_position AS "firstPosition" FROM call_tenants c
  WHERE c.tenant_id = $1 AND c.erased_at IS NULL AND c.first_position <= coalesce(log_since(NULL, $3), 0)
    AND c.first_position >= $4 AND (c.first_position, c.call_id) > ($4, $5)
    AND c.first_position > coalesce(log_since(NULL, $2), 0)
    AND NOT EXISTS (SELECT FROM call_tenants x WHERE x.call_id = c.call_id AND x.tenant_id = $1
      AND x.first_position < c.first_position)
  GROUP BY c.first_position, c.call_id ORDER BY c.first_position, c.call_id LIMIT $6`;

const AGES = `SELECT c.call_id AS "callId", extract(epoch FROM now() - e.received_at)::float8 * 1000 AS "ageMs"
  FROM unnest($2::text[]) AS c(call_id) CROSS JOIN LATERAL (SELECT received_at FROM events x
    WHERE x.call_id = c.call_id AND x.tenant_id = $1 AND x.type <> '${RULE_FIRED}' ORDER BY x.position DESC LIMIT 1) e`;

export interface OpenCall {
  readonly callId: CallId;
  /** Time since its last event came in. */
  readonly ageMs: number;
}

/** One of the calls that {@link callsBegun} finds, in the order in which they began. */
export interface BegunCall {
  readonly callId: CallId;
  readonly firstPosition: number;
}

interface SizedRow extends EventRow, QueryResultRow {
  readonly bytes: number;
}

/**
 * All events of some of a tenant's calls up to one of its numbers, in order, page by page. A call for which `isWanted`
 * turns false is not read any further.
 */
export async function* eventsOfCalls(
  run: Run,
  tenantId: TenantId,
  callIds: readonly CallId[],
  untilSeq: number,
  isWanted: (callId: CallId) => boolean,
): AsyncGenerator<readonly LoggedEvent[]> {
  for (let after = 0, wanted = callIds; wanted.length > 0; wanted = wanted.filter(isWanted)) {
    const { rows }: { rows: SizedRow[] } = await run<SizedRow>(OF_CALLS, [tenantId, after, untilSeq, wanted]);
    yield rows.map(toLoggedEvent);
    const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
    if (rows.length < PAGE && bytes < PAGE_BYTES) return;
    after = rows.at(-1)?.seq ?? untilSeq;
  }
}

/** The tenant's calls that began in the last six hours and have not ended; at most the newest five thousand. */
export async function openCalls(run: Run, tenantId: TenantId): Promise<readonly OpenCall[]> {
  return (await run<OpenCall & QueryResultRow>(OPEN, [tenantId, ENDINGS])).rows;
}

/** For each call, how long ago its last event came in. Events of rules do not count. */
export async function agesOf(run: Run, tenantId: TenantId, callIds: readonly CallId[]): Promise<readonly OpenCall[]> {
  return callIds.length === 0 ? [] : (await run<OpenCall & QueryResultRow>(AGES, [tenantId, callIds])).rows;
}

/** Calls whose first event came in between two moments, after a given call. */
export async function callsBegun(
  run: Run,
  tenantId: TenantId,
  { from, to }: { readonly from: Date; readonly to: Date },
  after: BegunCall | undefined,
  limit: number,
): Promise<readonly BegunCall[]> {
  const values = [tenantId, from, to, after?.firstPosition ?? 0, after?.callId ?? '', limit];
  return (await run<BegunCall & QueryResultRow>(BEGUN, values)).rows;
}
