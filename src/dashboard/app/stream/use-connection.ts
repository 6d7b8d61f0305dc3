/** What a connection means for what is shown: whether it is stale, and when it can be loaded again. */
import { useContext, useEffect, useRef, useSyncExternalStore } from 'react';
import { useSeconds } from '../common/clock.js';
import { type Connection, ConnectionContext } from './connection.js';

const never = () => () => undefined;

const isLost = ({ kind }: Connection) => kind === 'reconnecting' || kind === 'ended';

/** True while what is shown may be out of date: the stream is lost, or has ended. */
export function useIsStale(): boolean {
  const connection = useContext(ConnectionContext);
  return useSyncExternalStore(connection?.subscribe ?? never, () => connection !== null && isLost(connection.get()));
}

/** As {@link useSeconds}; stands still while what is shown is stale. */
export function useLiveSeconds(): number {
  const seconds = useSeconds();
  const isStale = useIsStale();
  const stoodAt = useRef(seconds);
  if (!isStale) stoodAt.current = seconds;
  return stoodAt.current;
}

/**
 * Calls back whenever the stream is live again, so that what failed meanwhile recovers by itself. What is still under
 * way then is asked for again too: its connection may be dead, and say so only much later.
 */
export function useWhenLiveAgain(callback: () => void): void {
  const connection = useContext(ConnectionContext);
  const latest = useRef(callback);
  useEffect(() => void (latest.current = callback), [callback]);
  useEffect(() => {
    if (connection === null) return;
    let wasLost = isLost(connection.get());
    return connection.subscribe(() => {
      const now = connection.get();
      if (now.kind === 'live' && wasLost) latest.current();
      wasLost = isLost(now) || (wasLost && now.kind !== 'live');
    });
  }, [connection]);
}
