/**
 * SQL about the log for statements of other folders that have to see the log in the same snapshot as their own tables.
 * The log's tables are named in this folder only.
 */

/** All calls that the log knows: columns call_id and tenant_id ('': nobody's). */
export const LOGGED_CALLS = 'SELECT DISTINCT call_id, tenant_id FROM call_tenants';

/** True while the log has an event of the call. Both are SQL expressions; the tenant '' is nobody. */
export function isLogged(callId: string, tenantId: string): string {
  return `EXISTS (SELECT FROM events e WHERE e.call_id = ${callId} AND coalesce(e.tenant_id, '') = ${tenantId})`;
}

/**
 * The cursor of the tenant's log for a reader of the platform's log that has got to `position`: the tenant's last
 * number up to there. If its log was emptied, this is the number up to which it was emptied. If the log was resumed
 * after a restore and the reader has got there, the cursor is no less than where it was resumed. Both are SQL
 * expressions.
 */
export function tenantCursorAt(tenantId: string, position: string): string {
  return `(SELECT greatest(CASE WHEN ${position} >= l.resumed_after THEN l.resumed_after END, coalesce(
    (SELECT e.seq FROM events e WHERE e.tenant_id = ${tenantId} AND e.position <= ${position}
      ORDER BY e.seq DESC LIMIT 1),
    (SELECT t.expired_until FROM tenant_heads t WHERE t.tenant_id = ${tenantId}), 0)) FROM log_lineage l WHERE l.id = 1)`;
}

/** The tenant's last number; NULL while it has no event. */
export function lastSeqOf(tenantId: string): string {
  return `(SELECT h.seq FROM tenant_heads h WHERE h.tenant_id = ${tenantId})`;
}
