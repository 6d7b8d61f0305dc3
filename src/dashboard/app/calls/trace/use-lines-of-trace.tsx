/** From an item of the trace to its line in the transcript, and back. */
import { type RefObject, useCallback, useEffect, useState } from 'react';
import { traceTexts as texts } from '../../texts/trace.js';

export interface LinesOfTrace {
  /** The line that was gone to; null: the reader is elsewhere. */
  readonly line: string | null;
  readonly goTo: (line: string) => void;
  readonly goBack: () => void;
  /** How often the reader came back. */
  readonly returned: number;
}

/** `script` holds the lines. `showAll`: a replay may not have come to the line yet. */
export function useLinesOfTrace(script: RefObject<HTMLElement | null>, showAll: () => void): LinesOfTrace {
  const [target, setTarget] = useState<{ readonly line: string } | null>(null);
  const [returned, setReturned] = useState(0);
  const goTo = useCallback(
    (line: string) => {
      showAll();
      setTarget({ line });
    },
    [showAll],
  );
  const goBack = useCallback(() => {
    setTarget(null);
    setReturned((times) => times + 1);
  }, []);
  useEffect(() => {
    const element = target && lineIn(script.current, target.line);
    if (!element) return;
    element.tabIndex = -1;
    element.classList.add('line-shown');
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: 'center' });
    const press = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      event.preventDefault();
      goBack();
    };
    element.addEventListener('keydown', press);
    return () => {
      element.removeEventListener('keydown', press);
      element.classList.remove('line-shown');
      element.removeAttribute('tabindex');
    };
  }, [script, target, goBack]);
  return { line: target?.line ?? null, goTo, goBack, returned };
}

function lineIn(script: HTMLElement | null, line: string): HTMLElement | undefined {
  return [...(script?.querySelectorAll<HTMLElement>('[data-line]') ?? [])].find(
    ({ dataset }) => dataset['line'] === line,
  );
}

/** Below the lines, while the reader has come from the trace. */
export function BackToTrace({ lines }: { readonly lines: LinesOfTrace }) {
  if (lines.line === null) return null;
  return (
    <p className="trace-back">
      <button type="button" className="button button-small" onClick={lines.goBack}>
        {texts.back}
      </button>
    </p>
  );
}
