import { useCallback, useEffect, useState } from 'react';
import { type Fault, asFault } from '../api/problem.js';
import { useWhenLiveAgain } from './use-connection.js';

export interface Loaded<Value> {
  /** The last that came, also while the next is on its way. */
  readonly value: Value | undefined;
  readonly fault: Fault | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/**
 * What `load` answers, again whenever `load` is another function (so it comes from `useCallback`), when asked to, and after a
 * fault when the stream is live again. An answer that has been overtaken is dropped.
 */
export function useLoaded<Value>(load: (signal: AbortSignal) => Promise<Value>): Loaded<Value> {
  const [state, setState] = useState<Omit<Loaded<Value>, 'reload'>>({
    value: undefined,
    fault: undefined,
    isLoading: true,
  });
  const [round, setRound] = useState(0);
  const isFaulty = state.fault !== undefined;
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
  useWhenLiveAgain(useCallback(() => isFaulty && reload(), [isFaulty, reload]));
  return { ...state, reload };
}
