/** The book of changes as a table for other programs. */
import type { Client, Query } from '../api/client.js';
import { type Cell, csvText } from '../ui/csv.js';
import { type AuditEntry, type AuditPageAnswer, actionText, actorText } from './audit-entry.js';

const PAGE = 500;
/** More entries are a job for a program. */
export const MAX_EXPORTED = 10_000;

const stateText = (state: unknown) => (state === null || state === undefined ? '' : JSON.stringify(state));

const COLUMNS: Readonly<Record<string, (entry: AuditEntry) => Cell>> = {
  at: ({ at }) => at,
  customers: ({ tenants }) => tenants?.join(' '),
  action: ({ action }) => action,
  what: ({ action }) => actionText(action),
  target: ({ target }) => target,
  targetName: ({ targetName }) => targetName,
  before: ({ before }) => stateText(before),
  after: ({ after }) => stateText(after),
  by: ({ by }) => by,
  byName: actorText,
  requestId: ({ requestId }) => requestId,
};

/** Everything that the query finds, not only the part shown. Rejects with a Fault. */
export async function exportAudit(client: Client, path: string, query: Query): Promise<string> {
  const entries: AuditEntry[] = [];
  for (let cursor: string | null | undefined; cursor !== null && entries.length < MAX_EXPORTED;) {
    const page: AuditPageAnswer = await client.get(path, { ...query, limit: PAGE, cursor });
    entries.push(...page.audit);
    cursor = page.next;
  }
  // One's own book names no customers.
  const columns = Object.entries(COLUMNS).filter(
    ([name]) => name !== 'customers' || entries.some(({ tenants }) => tenants !== undefined),
  );
  const lines = entries.slice(0, MAX_EXPORTED).map((entry) => columns.map(([, valueOf]) => valueOf(entry)));
  return csvText([columns.map(([name]) => name), ...lines]);
}
