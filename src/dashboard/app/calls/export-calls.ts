/** Calls as a table for other programs. */
import type { Client } from '../api/client.js';
import { csvText } from '../ui/csv.js';
import { callerName } from './call-facts.js';
import { type CallSearch, queryOf } from './call-search.js';
import type { CallsPageAnswer, FoundCall } from './use-call-list.js';

const PAGE = 200;
/** More calls are a job for a program. */
export const MAX_EXPORTED = 10_000;

const COLUMNS: Readonly<Record<string, (call: FoundCall) => string | number | null | undefined>> = {
  callId: ({ callId }) => callId,
  customer: ({ tenant }) => tenant,
  agent: ({ agent }) => agent,
  person: callerName,
  from: ({ from }) => from,
  to: ({ to }) => to,
  direction: ({ direction }) => direction,
  channel: ({ transport }) => transport,
  state: ({ state }) => state,
  startedAt: ({ startedAt }) => startedAt,
  endedAt: ({ endedAt }) => endedAt,
  seconds: ({ duration }) => duration,
  outcome: ({ reason }) => reason,
};

/** Everything that a search finds, not only the part shown. Rejects with a Fault. */
export async function exportCalls(client: Client, api: string, search: CallSearch): Promise<string> {
  const calls: FoundCall[] = [];
  for (let cursor: string | null | undefined; cursor !== null && calls.length < MAX_EXPORTED;) {
    const page: CallsPageAnswer = await client.get(`${api}/calls`, { ...queryOf(search), limit: PAGE, cursor });
    calls.push(...page.calls);
    cursor = page.next;
  }
  return csvOf(calls.slice(0, MAX_EXPORTED));
}

export function csvOf(calls: readonly FoundCall[]): string {
  // One's own calls name no customer.
  const columns = Object.entries(COLUMNS).filter(
    ([name]) => name !== 'customer' || calls.some(({ tenant }) => tenant !== undefined),
  );
  const lines = calls.map((call) => columns.map(([, valueOf]) => valueOf(call)));
  return csvText([columns.map(([name]) => name), ...lines]);
}
