/** A page of a list of calls, read within a transaction: its rows and, for a search, the lines that were found. */
import type { CallId, TenantId } from '../../common/ids.js';
import type { Run } from '../../database/pg-pool.js';
import {
  type CallCursor,
  type CallFilter,
  type ListPage,
  type Scope,
  type Statement,
  linesQuery,
  listOf,
} from './call-query.js';
import { cursorAt, searchCalls } from './call-search.js';
import type { CallHead } from '../fold/call-state.js';
import type { MessageState } from '../fold/message-state.js';
import { headIn, partIn, tenantIn } from '../projection/call-row.js';
import type { SearchQuery } from '../search/search-query.js';

/** The first line of the call that a search found. */
export interface FoundLine {
  /** The final text of the line. */
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
  /** The last call of the page, or the last that a search has looked at, if there are more; else null. */
  readonly last: CallCursor | null;
  /** A search that has not ended has looked at the calls that began since then; null: this page is whole. */
  readonly searchedSince: Date | null;
}

export interface CallRow {
  tenant_id: string;
  call_id: CallId;
  /** Null when the list already has as many bytes as it may have. */
  head: string | null;
  started_at: Date;
  /** The value that the list is sorted by, if that is not the time. */
  value?: number;
}

interface LineRow {
  tenant_id: string;
  call_id: CallId;
  text: string | null;
  state: string | null;
}

/** With a search: the calls that were found, and how far the search has looked. */
export async function searched(run: Run, scope: Scope, filter: CallFilter, page: ListPage) {
  const { search } = filter;
  if (search === null) return undefined;
  const asked = { scope, filter, search, page: { ...page, limit: page.limit + 1 } };
  const { keys, reached } = await searchCalls(run, asked);
  return { query: listOf(keys), reached };
}

/** `reached`: the place up to which a search has looked. */
export async function listed(
  run: Run,
  { text, values }: Statement,
  { search }: CallFilter,
  limit: number,
  reached: CallCursor | null = null,
) {
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
  return {
    calls,
    last: last === undefined ? reached : cursorAt(last),
    searchedSince: last === undefined ? (reached?.startedAt ?? null) : null,
  };
}

/** The lines that were found, and the number of calls for which they suffice. */
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

export function untilNull<Value>(values: readonly (Value | null)[]): Value[] {
  const end = values.indexOf(null);
  return (end === -1 ? values : values.slice(0, end)) as Value[];
}
