/** What a connection means for what is shown: whether it is stale, and when it can be loaded again. */
import { useContext, useEffect, useRef, useSyncExternalStore } from 'react';
import { useSeconds } from '../common/clock.js';
import { ConnectionContext } from './connection.js';

const never = () => () => undefined;

/** True while what is shown may be out of date: the stream is lost, or has ended. */
export function useIsStale(): boolean {
  const connection = useContext(ConnectionContext);
  const isStale = () => connection?.get().kind === 'reconnecting' || connection?.get().kind === 'ended';
  return useSyncExternalStore(connection?.subscribe ?? never, isStale);
}

/** As {@link useSeconds}; stands still while what is shown is stale. */
export function useLiveSeconds(): number {
  const seconds = useSeconds();
  const isStale = useIsStale();
  const stoodAt = useRef(seconds);
  if (!isStale) stoodAt.current = seconds;
  return stoodAt.current;
}

/** Calls back whenever the stream is live again, so that what failed meanwhile recovers by itself. */
export function useWhenLiveAgain(callback: () => void): void {
  const connection = useContext(ConnectionContext);
  useEffect(() => {
    let wasLost = false;
    return connection?.subscribe(() => {
      const { kind } = connection.get();
      if (kind === 'live' && wasLost) callback();
      wasLost = kind !== 'live';
    });
  }, [connection, callback]);
}
