import { useCallback, useEffect, useState } from 'react';
import { type Fault, asFault } from '../api/problem.js';
import { useWhenLiveAgain } from './use-connection.js';

export interface Loaded<Value> {
  /** The last answer, also while the next one is loading. */
  readonly value: Value | undefined;
  readonly fault: Fault | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/**
 * The answer of `load`. It is loaded again when `load` is another function (so use `useCallback`), on request, and
 * when the stream is live again, if it has not come or was a fault. An outdated answer is dropped.
 */
export function useLoaded<Value>(load: (signal: AbortSignal) => Promise<Value>): Loaded<Value> {
  const [state, setState] = useState<Omit<Loaded<Value>, 'reload'>>({
    value: undefined,
    fault: undefined,
    isLoading: true,
  });
  const [round, setRound] = useState(0);
  const isMissing = state.fault !== undefined || state.isLoading;
  const reload = useCallback(() => setRound((known) => known + 1), []);
  useEffect(() => {
    const leaving = new AbortController();
    setState((known) => ({ ...known, isLoading: true }));
    load(leaving.signal).then(
      (value) => {
        if (!leaving.signal.aborted) setState({ value, fault: undefined, isLoading: false });
      },
      (error: unknown) => {
        if (!leaving.signal.aborted) setState((known) => ({ ...known, fault: asFault(error), isLoading: false }));
      },
    );
    return () => leaving.abort();
  }, [load, round]);
  useWhenLiveAgain(useCallback(() => isMissing && reload(), [isMissing, reload]));
  return { ...state, reload };
}
