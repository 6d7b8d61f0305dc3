/** How a page stands with the server's stream. */
import { createContext } from 'react';
import type { Store } from '../common/store.js';

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'reconnecting'; readonly reason: 'network' | 'closed' | 'busy' | 'unavailable' }
  /** The right to be here is gone; the session says why. */
  | { readonly kind: 'ended' };

/** Of the page around; null where nothing is streamed. */
export const ConnectionContext = createContext<Store<Connection> | null>(null);
