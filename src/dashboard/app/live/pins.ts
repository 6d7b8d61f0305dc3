/** Calls that somebody keeps on top of the list: in this tab, until they are over or let go. */
import { ownName } from '../common/place.js';
import { createStore } from '../common/store.js';

const KEY = ownName('switchboard.pins');
const MAX_PINS = 50;

const kept = sessionStorage.getItem(KEY);
export const pins = createStore<readonly string[]>(kept === null ? [] : (JSON.parse(kept) as string[]));

export function togglePin(key: string): void {
  const known = pins.get();
  const next = known.includes(key) ? known.filter((one) => one !== key) : [key, ...known].slice(0, MAX_PINS);
  sessionStorage.setItem(KEY, JSON.stringify(next));
  pins.set(next);
}
