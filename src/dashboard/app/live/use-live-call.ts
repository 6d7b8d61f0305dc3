import { useCallback, useSyncExternalStore } from 'react';
import { useWorkspace } from '../shell/workspace.js';
import type { LiveCall } from './live-call.js';

/** One call in progress; renders when that one changes, and no other. */
export function useLiveCall(callId: string): LiveCall | undefined {
  const { calls } = useWorkspace().feed;
  const subscribe = useCallback((listener: () => void) => calls.subscribe(callId, listener), [calls, callId]);
  return useSyncExternalStore(subscribe, () => calls.get(callId));
}
