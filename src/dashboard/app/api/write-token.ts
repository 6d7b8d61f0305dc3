/**
 * The token with which this tab makes changes: short-lived, kept in this tab only, gone when it closes. Reads use the
 * cookie.
 */
import { ownName } from '../common/place.js';
import { createStore } from '../common/store.js';

const KEY = ownName('switchboard.token');

const store = createStore<string | null>(sessionStorage.getItem(KEY));

export const writeToken = {
  ...store,
  set(token: string | null): void {
    if (token === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
    store.set(token);
  },
};
