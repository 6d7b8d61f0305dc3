/** Calls as a table for other programs: CSV as RFC 4180 has it. */
import type { Client } from '../api/client.js';
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
  const lines = calls.map((call) => columns.map(([, valueOf]) => cell(valueOf(call))).join(','));
  return `${[columns.map(([name]) => name).join(','), ...lines].join('\r\n')}\r\n`;
}

/** Callers and agents choose their names: a spreadsheet must not read one as a formula. */
function cell(value: string | number | null | undefined): string {
  const text = String(value ?? '');
  const isFormula = /^[=@\t\r-]|^\+(?!\d+$)/.test(text) && typeof value === 'string';
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hands a file to the browser. */
export function download(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
