import { type ReactNode, useCallback, useState } from 'react';
import { Fault } from '../api/problem.js';
import { WriteTokenPrompt } from './write-token-prompt.js';

interface Write {
  /** Makes the change. If this tab may not, asks for a token first. Rejects with a Fault. */
  readonly write: <Answer>(act: () => Promise<Answer>) => Promise<Answer>;
  /** To be shown by whoever uses it. */
  readonly prompt: ReactNode;
}

interface Waiting {
  readonly done: () => void;
  readonly close: () => void;
}

export function useWrite(): Write {
  const [waiting, setWaiting] = useState<Waiting | null>(null);
  const ask = useCallback(
    (reason: Fault) =>
      new Promise<void>((resolve, reject) =>
        setWaiting({
          done: () => (setWaiting(null), resolve()),
          close: () => (setWaiting(null), reject(reason)),
        }),
      ),
    [],
  );
  const write = useCallback(
    async <Answer,>(act: () => Promise<Answer>): Promise<Answer> => {
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof Fault && error.slug === 'needs-token')) throw error;
        await ask(error);
        return act();
      }
    },
    [ask],
  );
  return { write, prompt: waiting && <WriteTokenPrompt onDone={waiting.done} onClose={waiting.close} /> };
}
