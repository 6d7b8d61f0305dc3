/**
 * Searches that somebody has named, kept in this browser. Their filters are in the address, which can be sent to
 * others.
 */
import { ownName } from '../common/place.js';
import { createStore } from '../common/store.js';

export interface SavedView {
  readonly name: string;
  /** What stands behind the address's `?`. */
  readonly query: string;
}

const KEY = ownName('switchboard.views');
const MAX_VIEWS = 50;

const kept = localStorage.getItem(KEY);
export const savedViews = createStore<readonly SavedView[]>(kept === null ? [] : (JSON.parse(kept) as SavedView[]));

/** Takes the place of one of the same name. */
export function saveView(view: SavedView): void {
  keep([view, ...savedViews.get().filter(({ name }) => name !== view.name)].slice(0, MAX_VIEWS));
}

export function forgetView(view: SavedView): void {
  keep(savedViews.get().filter((one) => one !== view));
}

function keep(views: readonly SavedView[]): void {
  localStorage.setItem(KEY, JSON.stringify(views));
  savedViews.set(views);
}
