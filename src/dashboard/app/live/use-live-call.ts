import { useCallback, useSyncExternalStore } from 'react';
import type { LiveCall } from '../workspace/live-call.js';
import { useWorkspace } from '../workspace/workspace.js';

/** One call in progress; renders when that one changes, and no other. */
export function useLiveCall(key: string): LiveCall | undefined {
  const { calls } = useWorkspace().feed;
  const subscribe = useCallback((listener: () => void) => calls.subscribe(key, listener), [calls, key]);
  return useSyncExternalStore(subscribe, () => calls.get(key));
}
