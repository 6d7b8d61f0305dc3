import { useEffect, useState } from 'react';
import { useWorkspace } from '../workspace/workspace.js';

/** How long a call in progress is shown before a newer one replaces it: if many ring, none could be read otherwise. */
const DWELL_MS = 3000;

/**
 * The newest call. It changes no more often than a person can follow, and not while somebody points at it (`isHeld`).
 */
export function useFollowed(newest: string | undefined, isShown: boolean, isHeld: boolean): string | undefined {
  const { calls } = useWorkspace().feed;
  const [followed, setFollowed] = useState({ callId: newest, since: performance.now() });
  useEffect(() => {
    if (newest === followed.callId) return;
    const call = followed.callId === undefined ? undefined : calls.get(followed.callId);
    const isOver = call === undefined || call.endedAtMs !== null;
    if (isShown && isHeld && followed.callId !== undefined) return;
    const waitMs = isOver || !isShown ? 0 : Math.max(0, followed.since + DWELL_MS - performance.now());
    const timer = setTimeout(() => setFollowed({ callId: newest, since: performance.now() }), waitMs);
    return () => clearTimeout(timer);
  }, [newest, followed, calls, isShown, isHeld]);
  return followed.callId ?? newest;
}
