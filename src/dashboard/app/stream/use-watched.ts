import { useCallback } from 'react';
import { useEvery } from '../ui/use-every.js';
import { type Loaded, useLoaded } from './use-loaded.js';

/**
 * As {@link useLoaded}, and loaded again at intervals while the page is visible. A request that takes longer than an
 * interval is waited for.
 */
export function useWatched<Value>(load: (signal: AbortSignal) => Promise<Value>, periodMs: number): Loaded<Value> {
  const loaded = useLoaded(load);
  const { isLoading, reload } = loaded;
  useEvery(
    periodMs,
    useCallback(() => {
      if (!isLoading) reload();
    }, [isLoading, reload]),
  );
  return loaded;
}
