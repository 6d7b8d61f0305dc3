/** Lists of calls that are not sorted by time: the slowest, the longest. */
import { MAX_PAGE_BYTES } from '../../common/page.js';
import {
  type CallFilter,
  Conditions,
  type ListPage,
  NEWEST,
  type Scope,
  type Statement,
  narrow,
} from './call-query.js';
import type { Sort } from './sorts.js';

/** Columns of `calls`. A call without a value is not in that list. */
const VALUES: Record<Exclude<Sort, 'newest'>, string> = { slowest: 'latency_p95', longest: 'duration' };
const ORDER = `value DESC, ${NEWEST}`;

/** Undefined: the list is sorted by time, newest first. */
export function sortedQuery(scope: Scope, filter: CallFilter, page: ListPage): Statement | undefined {
  if (filter.sort === 'newest') return undefined;
  const value = VALUES[filter.sort];
  const { cursor } = page;
  const where = new Conditions();
  scope(where);
  narrow(where, filter, { ...page, cursor: null });
  where.add(`c.${value} IS NOT NULL`);
  if (cursor?.value !== undefined) {
    const key = [cursor.value, cursor.startedAt, cursor.callId, cursor.tenantColumn].map((one) => where.value(one));
    where.add(`(c.${value}, c.started_at, c.call_id, c.tenant_id) < (${key.join(', ')})`);
  }
  const text = `SELECT tenant_id, call_id, started_at, value,
    CASE WHEN sum(octet_length(head)) OVER sorted <= ${where.value(MAX_PAGE_BYTES)} OR row_number() OVER sorted = 1 THEN head END AS head
  FROM (SELECT c.tenant_id, c.call_id, c.head, c.started_at, c.${value} AS value FROM calls c WHERE ${where.text}
        ORDER BY ${ORDER} LIMIT ${where.value(page.limit)}) listed
  WINDOW sorted AS (ORDER BY ${ORDER} ROWS UNBOUNDED PRECEDING) ORDER BY ${ORDER}`;
  return { text, values: where.values };
}
