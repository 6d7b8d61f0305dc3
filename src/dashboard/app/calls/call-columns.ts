/** Which columns a list of calls has: chosen in this browser, for all lists. */
import { ownName } from '../common/place.js';
import { createStore } from '../common/store.js';

export const COLUMNS = [
  'tenant',
  'agent',
  'line',
  'direction',
  'started',
  'duration',
  'outcome',
  'latency',
  'tools',
  'score',
  'id',
] as const;
export type Column = (typeof COLUMNS)[number];

const KEY = ownName('switchboard.columns');
const USUAL: readonly Column[] = ['tenant', 'agent', 'line', 'started', 'duration', 'outcome'];

export const columns = createStore<readonly Column[]>(keptColumns());

export function toggleColumn(column: Column): void {
  const known = columns.get();
  const next = COLUMNS.filter((one) => known.includes(one) !== (one === column));
  localStorage.setItem(KEY, next.join(','));
  columns.set(next);
}

function keptColumns(): readonly Column[] {
  const kept = localStorage.getItem(KEY)?.split(',');
  return kept === undefined ? USUAL : COLUMNS.filter((one) => kept.includes(one));
}
